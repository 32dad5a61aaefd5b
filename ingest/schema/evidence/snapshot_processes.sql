-- One row per worker process that a snapshot showed.
create table snapshot_processes (
    source_id integer not null,          -- the stream in sources
    snapshot_id varchar not null,        -- the snapshot
    worker varchar not null,             -- the process's own name
    host varchar,                        -- machine
    pid bigint,                          -- process id
    started_at timestamp,                -- when it began, UTC
    heartbeat_at timestamp,              -- its last sign of life, UTC; null where it is only listed
    heartbeat_period double,             -- seconds between two signs of life, where the system fixes it
    queues varchar[],                    -- queues it reads
    concurrency integer,                 -- jobs it runs at once
    busy integer,                        -- jobs it says it is running
    quiet boolean,                       -- whether it takes no new work
    version varchar,                     -- version it runs, where it can be told
    attributes json                      -- every other key of the input
);
