-- Every line that could not become a row, and why.
create table rejected_lines (
    source_id integer not null,          -- the stream in sources
    line_no bigint not null,             -- the line, counted from 1
    byte_offset bigint not null,         -- where it begins, in decompressed bytes
    bytes bigint not null,               -- its length, line end included
    reason varchar not null,             -- why, in words
    beginning varchar not null           -- its first 200 characters, unreadable ones shown as U+FFFD
);
