-- One row per stream of input: which period it covers and what it would have shown.
create table coverage (
    source_id integer not null,          -- the stream in sources
    path varchar not null,               -- its file
    format varchar not null,             -- formats recognised in it
    kind varchar not null,               -- log, span or snapshot
    system varchar,                      -- the job system
    shows varchar[] not null,            -- enqueues, starts, ends, errors, arguments, workers, queues, heartbeats
    hosts varchar[] not null,            -- machines it names, sorted; empty where it names none
    from_at timestamp,                   -- its first time, UTC
    to_at timestamp,                     -- its last time, UTC
    records bigint not null,             -- records with a time
    median_gap double,                   -- usual seconds between two records
    longest_gap double,                  -- longest seconds between two records
    longest_gap_at timestamp             -- beginning of that gap, UTC
);
