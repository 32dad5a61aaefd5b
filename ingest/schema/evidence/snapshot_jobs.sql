-- One row per job that a snapshot held, in whichever set it was.
create table snapshot_jobs (
    source_id integer not null,          -- the stream in sources
    snapshot_id varchar not null,        -- the snapshot
    held_in varchar not null,            -- queued, scheduled, retry, dead, running, failed; reserved: taken by a worker, running or waiting in its memory
    position integer,                    -- place in its queue or set, 0 is the next to run
    job_id varchar,                      -- the id that stays the same over retries; null where the system gives none
    provider_job_id varchar,             -- the backend's own id, where it differs
    job_class varchar,                   -- class or task name
    queue varchar,                       -- queue name
    attempt integer,                     -- executions so far, the running one included
    max_attempts integer,                -- executions allowed in all, where it can be told
    arguments json,                      -- the job's arguments
    arguments_digest varchar,            -- digest of class and canonical arguments
    idempotency_key varchar,             -- the application's own key for one piece of work
    created_at timestamp,                -- when it was first made, UTC
    enqueued_at timestamp,               -- when it was last put on its queue, UTC
    run_at timestamp,                    -- when it is due, of scheduled and retry, UTC
    started_at timestamp,                -- when its run began, of running, UTC
    failed_at timestamp,                 -- when it last failed, UTC
    died_at timestamp,                   -- when it was given up, of dead, UTC
    error_class varchar,                 -- its last error
    error_message varchar,               -- and that error's message
    host varchar,                        -- machine that runs it, of running
    pid bigint,                          -- process that runs it
    thread varchar,                      -- thread that runs it
    worker varchar,                      -- that process's own name
    attributes json                      -- every other key of the input
);
