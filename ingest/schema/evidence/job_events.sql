-- One row per event in a job's life, as a log line or a structured record told it.
create table job_events (
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line, counted from 1
    record_no integer not null,          -- which record of that line, where a line holds several; else 0
    occurred_at timestamp,               -- when, UTC; null where the line has no time
    time_of_day time,                    -- the time of day, where the line names no date; occurred_at is then null until the day is known
    event varchar not null,              -- scheduled, enqueued, reserved (taken by a worker, not begun), started, heartbeat, succeeded, acknowledged (done with, whatever came of it), failed, error_reported, retry_scheduled, retries_exhausted, discarded, requeued, interrupted, cancelled, lock_conflict, enqueue_failed
    system varchar not null,             -- the job system: sidekiq, jobrunner, active_job, celery, ...
    scope varchar not null,              -- the queue installation, '' where there is only one
    service varchar,                     -- the application, where named
    environment varchar,                 -- production, staging, ..., where named
    version varchar,                     -- version of the application, where named
    job_id varchar,                      -- the id that stays the same over retries; null where the line carries none
    provider_job_id varchar,             -- the backend's own id, where it differs
    parent_job_id varchar,               -- the job that enqueued this one, where named
    job_class varchar,                   -- class or task name
    queue varchar,                       -- queue name
    attempt integer,                     -- number of the execution, 1 for the first, where the line tells
    max_attempts integer,                -- executions allowed in all, where the line tells
    arguments json,                      -- the job's arguments, as a JSON array or object
    arguments_digest varchar,            -- digest of class and canonical arguments: equal for equal work
    idempotency_key varchar,             -- the application's own key for one piece of work
    host varchar,                        -- machine, where named
    pid bigint,                          -- process id
    thread varchar,                      -- thread or fiber id inside the process
    worker varchar,                      -- the worker process's own name, where it has one
    duration double,                     -- seconds the run took, as the line says
    wait double,                         -- seconds between being due and starting, as the line says
    enqueued_at timestamp,               -- when it was put on its queue, where the line repeats it, UTC
    run_at timestamp,                    -- when it is due: of a scheduled job or a retry, UTC
    will_retry boolean,                  -- of a failure: whether the system will try again, where the line tells
    error_class varchar,                 -- class of the exception
    error_message varchar,               -- its message
    backtrace varchar,                   -- its backtrace, newline separated
    trace_id varchar,                    -- OpenTelemetry trace, lower-case hex
    span_id varchar,                     -- OpenTelemetry span, lower-case hex
    message varchar,                     -- the words of the line
    attributes json                      -- every other key of the input
);
