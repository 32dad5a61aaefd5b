-- One row per OpenTelemetry span, whatever it is about.
create table spans (
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line, counted from 1
    record_no integer not null,          -- which span of that line, from 0
    trace_id varchar not null,           -- lower-case hex
    span_id varchar not null,            -- lower-case hex
    parent_span_id varchar,              -- lower-case hex; null for a root
    name varchar,                        -- span name
    kind varchar not null,               -- internal, server, client, producer, consumer, unspecified
    operation varchar,                   -- what it is to a job: enqueue, run, other; null for spans about no job
    started_at timestamp,                -- UTC, microseconds
    ended_at timestamp,                  -- UTC, microseconds; null where the span has not ended
    started_unix_nano bigint,            -- the start as sent
    ended_unix_nano bigint,              -- the end as sent
    status varchar not null,             -- unset, ok, error
    status_message varchar,              -- its words
    system varchar,                      -- job system: messaging.system, or told by the instrumentation's name
    scope varchar not null,              -- the queue installation, '' where there is only one
    service varchar,                     -- service.name
    environment varchar,                 -- deployment.environment.name
    version varchar,                     -- service.version
    host varchar,                        -- host.name
    pid bigint,                          -- process.pid
    thread varchar,                      -- thread.id or thread.name
    worker varchar,                      -- the worker process's own name, or service.instance.id
    job_id varchar,                      -- messaging.message.id and its older names
    provider_job_id varchar,             -- the backend's own id, where it differs
    job_class varchar,                   -- class or task name
    queue varchar,                       -- messaging.destination.name and its older names
    attempt integer,                     -- number of the execution, where told
    wait double,                         -- seconds between being due and starting, where told
    outcome varchar,                     -- of a run: succeeded, failed, retried; null where the span does not tell
    error_class varchar,                 -- exception.type or error.type
    error_message varchar,               -- exception.message
    backtrace varchar,                   -- exception.stacktrace
    instrumentation varchar,             -- name of the instrumentation scope
    attributes json,                     -- span attributes as one object, every key kept
    resource json,                       -- resource attributes as one object
    events json,                         -- span events, as sent
    links json,                          -- span links, as sent
    extra json                           -- every other key of the span, as sent
);
