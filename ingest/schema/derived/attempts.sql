-- One row per execution of a job, running ones included; observations of several inputs are fused into one.
create table attempts (
    job_key varchar not null,            -- the job, see jobs
    attempt integer not null,            -- 1 for the first run seen, 2 for the next, ...
    attempt_logged integer,              -- the number the system itself gave it, where told
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_id varchar not null,             -- the id that stays the same over retries
    job_class varchar,                   -- class or task name
    queue varchar,                       -- queue name
    enqueued_at timestamp,               -- when it was put on its queue for this run, UTC; null where no input shows it
    eligible_at timestamp,               -- from when on a worker could have taken it, UTC
    started_at timestamp,                -- UTC; null where only its end was seen and no duration
    ended_at timestamp,                  -- UTC; null while it runs or where its end was not seen
    state varchar not null,              -- running (no end seen), succeeded, failed, interrupted (cut off and pushed back), cancelled (ended on request, or dropped before its work began), unknown (no end seen, but its thread went on to other work, its process shut down, or a later snapshot finds its process without it)
    will_retry boolean,                  -- of failed: whether the system will try again, where it can be told
    wait double,                         -- seconds from eligible to started; null where either is not known
    run double,                          -- seconds from started to ended, by the worker's own clock where it says
    host varchar,                        -- machine, where known
    pid bigint,                          -- process
    thread varchar,                      -- thread
    worker_key varchar,                  -- the process, see workers
    worker_state varchar not null,       -- of its process at as_of: alive, gone (died or vanished), stopped (shut down), unknown
    worker_seen_at timestamp,            -- last sign of life of that process, UTC
    heartbeat_at timestamp,              -- last heartbeat of this very run, UTC, where the system sends any
    error_class varchar,                 -- of failed: the exception
    error_message varchar,               -- and its message
    error_fingerprint varchar,           -- digest of the error without its numbers and ids
    backtrace varchar,                   -- its backtrace
    trace_id varchar,                    -- OpenTelemetry trace, lower-case hex
    span_id varchar,                     -- OpenTelemetry span of the run, lower-case hex
    observers varchar[] not null,        -- which kinds of input saw it, sorted: log, snapshot, span
    last_seen_at timestamp not null      -- latest evidence of this run, UTC
);
