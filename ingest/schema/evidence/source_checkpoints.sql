-- What a stream holds, piece by piece: how a file that was read before is known again, whatever lines of it there are.
create table source_checkpoints (
    source_id integer not null,          -- the stream
    byte_offset bigint not null,         -- a line end, in decompressed bytes from the beginning; or the end of a last line without one
    digest varchar not null,             -- blake2b (16 bytes, hex) of the bytes since the checkpoint before; of redacted inputs with the key beside the database; behind ~ where two inputs were joined in between: it compares with nothing
    line_ends blob not null              -- for each line that ends since the checkpoint before: CRC-32 of its bytes without the line end; of redacted inputs enciphered with the key
);
