-- The ledger: one row per logical stream of input, whatever files it came in.
create table sources (
    source_id integer not null,          -- number of the stream in this database; every evidence row names its source
    path varchar not null,               -- the file as it was first given, relative to the folder that was given
    also_seen_as varchar[] not null,     -- other files that held lines of it (rotated, recompressed, copied, overlapping)
    format varchar not null,             -- the formats recognised in it, comma separated; 'unrecognised' where none was
    compression varchar,                 -- gz, zst, bz2, xz, or null for plain bytes
    kind varchar not null,               -- what it is evidence of: log, span, snapshot, or none
    system varchar,                      -- the job system that wrote it: sidekiq, jobrunner, celery, ...
    shows varchar[] not null,            -- what the formats found can show: enqueues, starts, ends, errors, arguments, workers, queues, heartbeats
    bytes_total bigint not null,         -- decompressed bytes read so far; accepted + blank + rejected + pending
    bytes_accepted bigint not null,      -- bytes of lines that became rows
    bytes_blank bigint not null,         -- bytes of empty lines
    bytes_rejected bigint not null,      -- bytes of lines in rejected_lines
    bytes_pending bigint not null,       -- bytes of a last line without its end: read again when the file has grown
    line_count bigint not null,          -- physical lines read
    row_count bigint not null,           -- evidence rows made of them
    reject_count bigint not null,        -- rows in rejected_lines
    first_at timestamp,                  -- earliest time in it, UTC
    last_at timestamp,                   -- latest time in it, UTC
    zone varchar,                        -- zone in which times that name none were read
    zone_basis varchar,                  -- how it is known: told (every time names it), stated, worked out, assumed
    resume_clock timestamp,              -- wall clock at resume_offset, of a log that writes the time of day alone
    resume_offset bigint not null,       -- decompressed byte where the last record begins: a grown file is read again from here
    resume_line bigint not null,         -- line number at resume_offset; rows from it on are replaced when the file grows
    resume_format varchar,               -- format of the last record before resume_offset
    note varchar,                        -- what a person should know: truncated, torn last line, ...
    overlap varchar,                     -- lines it seems to share with another stream, too few or too alike to be joined: they may count twice
    loaded_at timestamp not null,        -- when it was last read, UTC
    loader_version varchar not null,     -- version of jobtrail that read it
    primary key (source_id)
);
