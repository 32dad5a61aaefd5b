-- Digests of a stream's beginning: how a file that was read before is known again, at whatever line it ends.
create table source_checkpoints (
    source_id integer not null,          -- the stream
    byte_offset bigint not null,         -- a line end, in decompressed bytes from the beginning
    digest varchar not null,             -- blake2b (16 bytes, hex) of all bytes before byte_offset; of redacted inputs with the key beside the database
    line_ends blob not null              -- for each line end since the checkpoint before: CRC-32 of the bytes before it, and its offset modulo 2^32; of redacted inputs enciphered with the key
);
