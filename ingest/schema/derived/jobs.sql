-- One row per job: its whole life, and its state at the moment the derived tables speak of.
create table jobs (
    job_key varchar not null,            -- scope, system and native id in one: the name of the job in every derived table
    scope varchar not null,              -- the queue installation, '' where there is only one
    system varchar not null,             -- the job system
    job_id varchar not null,             -- the id that stays the same over retries
    provider_job_id varchar,             -- the backend's id last seen, where it differs
    job_class varchar,                   -- class or task name
    queue varchar,                       -- queue name
    queue_basis varchar,                 -- seen, or inferred: the only queue its class was ever seen on
    arguments json,                      -- its arguments, where any input shows them
    arguments_digest varchar,            -- digest of class and arguments: equal for equal work
    idempotency_key varchar,             -- the application's own key for one piece of work
    enqueued_at timestamp,               -- when it was first put on a queue, UTC; null where no input shows it
    eligible_at timestamp,               -- from when on a worker could have taken it, after its last way onto a queue, UTC; of a waiting job that only snapshots show: since the first that does
    run_at timestamp,                    -- when it is next due, of scheduled and retrying jobs, UTC
    first_started_at timestamp,          -- start of its first run, UTC
    finished_at timestamp,               -- end of its last run, UTC; null while it is not over
    state varchar not null,              -- scheduled, queued, running, retrying, succeeded, failed (given up), discarded, interrupted (run cut off, pushed back), unknown
    state_basis varchar not null,        -- what the state rests on: log, span, snapshot
    state_at timestamp,                  -- since when, UTC
    attempts integer not null,           -- runs seen
    failures integer not null,           -- runs that failed
    successes integer not null,          -- runs that succeeded
    interruptions integer not null,      -- runs cut off by a shutdown
    max_attempts integer,                -- runs allowed, where any input shows it
    error_class varchar,                 -- its last error
    error_message varchar,               -- and that error's message
    error_fingerprint varchar,           -- digest of the error without its numbers and ids: equal for equal causes
    trace_id varchar,                    -- OpenTelemetry trace of its last run
    parent_job_id varchar,               -- the job that enqueued it, where named
    adapter varchar,                     -- of Active Job: the adapter that its lines and spans name, which keeps the job until it runs
    vanished_from varchar,               -- queued, scheduled or retrying: where it was seen last, of a job whose last snapshot no longer holds it and that no input shows to run since
    vanished_by timestamp,               -- when that snapshot was taken, UTC
    identity varchar not null,           -- exact; inferred where the system gives no ids; ambiguous where equal jobs without ids met
    first_seen_at timestamp,             -- earliest evidence of it, UTC
    last_seen_at timestamp               -- latest evidence of it, UTC
);
