-- One row per worker process.
create table workers (
    worker_key varchar not null,         -- the process, as attempts names it
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    worker varchar,                      -- the process's own name, where it has one
    host varchar,                        -- machine, where known
    pid bigint,                          -- process id
    version varchar,                     -- version it runs, where known
    queues varchar[],                    -- queues it reads, where known
    pool varchar,                        -- the same queues as one value, * where it reads all; where no input tells them, those it was seen to run jobs of, if no other process makes that doubtful
    concurrency integer,                 -- jobs it runs at once, where known
    capacity integer,                    -- jobs it can run at once on any of its queues: its concurrency, 1 in systems that run one at a time; null where not known, or different over time or by queue
    booted_at timestamp,                 -- its start, UTC, where seen
    first_seen_at timestamp,             -- earliest evidence of it, UTC
    last_seen_at timestamp,              -- last sign of life, UTC
    stopping_at timestamp,               -- beginning of an orderly shutdown, UTC, where seen
    stopped_at timestamp,                -- end of an orderly shutdown, UTC, where seen
    successor_at timestamp,              -- when, after its last sign of life, another process booted or first wrote in its place, UTC
    state varchar not null,              -- at as_of: alive, gone (died or vanished), stopped, unknown
    state_basis varchar not null,        -- what that rests on, in words
    confidence varchar not null,         -- high, medium or low
    log varchar,                         -- the log it writes, whatever files that came in; null where it is not among the inputs
    lines bigint not null,               -- lines of logs that it wrote; 0 where its log is not among the inputs
    heartbeats bigint not null,          -- of these lines its heartbeats
    last_line_at timestamp,              -- its last line there, UTC
    log_tells_ends boolean not null,     -- whether that log tells of processes that boot, shut down or die, not only of jobs
    boot_source_id integer,              -- the input with the line that tells of its boot, where one does
    boot_line_no bigint,                 -- and the line
    last_source_id integer,              -- the input with the last line that it wrote, where its log is among the inputs
    last_line_no bigint,                 -- and the line
    attempts bigint not null             -- executions seen in it
);
