-- One row per line of the job log: what it says in columns, what it says beside them, and why it cannot be read, if so.
with
lines as (
    select
        r.line_no,
        try_cast(r.text as json) as line
    from records as r
),

told as (
    select
        line_no,
        line,
        json_transform(
            case when json_type(line) = 'OBJECT' then line end,
            '{
                "format": "VARCHAR", "ts": "VARCHAR", "event": "VARCHAR", "worker_event": "VARCHAR",
                "level": "VARCHAR", "message": "VARCHAR", "system": "VARCHAR", "service": "VARCHAR",
                "environment": "VARCHAR", "version": "VARCHAR", "job_id": "VARCHAR", "provider_job_id": "VARCHAR",
                "parent_job_id": "VARCHAR", "job_class": "VARCHAR", "queue": "VARCHAR", "attempt": "VARCHAR",
                "max_attempts": "VARCHAR", "arguments": "JSON", "idempotency_key": "VARCHAR", "host": "VARCHAR",
                "pid": "VARCHAR", "thread": "VARCHAR", "worker": "VARCHAR", "queues": "JSON",
                "concurrency": "VARCHAR", "job_count": "VARCHAR", "duration": "VARCHAR", "wait": "VARCHAR",
                "enqueued_at": "VARCHAR", "run_at": "VARCHAR", "will_retry": "VARCHAR", "error_class": "VARCHAR",
                "error_message": "VARCHAR", "backtrace": "VARCHAR", "trace_id": "VARCHAR", "span_id": "VARCHAR"
            }'
        ) as f
    from lines
),

-- A cast to timestamp drops an offset without a word, so only Z may take that shorter way. What no clock shows (the
-- year 1, a run of a century) is no time and no duration: one such value would stretch everything that is counted by time.
read as (
    select
        line_no,
        line,
        f,
        case
            when not regexp_full_match(f.ts[1:11], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ]') then null
            when f.ts[-1] = 'Z' then try_cast(f.ts as timestamp)
            else try_cast(f.ts as timestamptz) at time zone 'UTC'
        end as occurred_at,
        case
            when not regexp_full_match(f.enqueued_at[1:11], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ]') then null
            when f.enqueued_at[-1] = 'Z' then try_cast(f.enqueued_at as timestamp)
            else try_cast(f.enqueued_at as timestamptz) at time zone 'UTC'
        end as enqueued_at,
        case
            when not regexp_full_match(f.run_at[1:11], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ]') then null
            when f.run_at[-1] = 'Z' then try_cast(f.run_at as timestamp)
            else try_cast(f.run_at as timestamptz) at time zone 'UTC'
        end as run_at,
        case when regexp_full_match(f.attempt, '-?\d+') then try_cast(f.attempt as integer) end as attempt,
        case when regexp_full_match(f.max_attempts, '-?\d+') then try_cast(f.max_attempts as integer) end as max_attempts,
        case when regexp_full_match(f.pid, '-?\d+') then try_cast(f.pid as bigint) end as pid,
        case when regexp_full_match(f.concurrency, '-?\d+') then try_cast(f.concurrency as integer) end as concurrency,
        case when regexp_full_match(f.job_count, '-?\d+') then try_cast(f.job_count as integer) end as job_count,
        case when try_cast(f.duration as double) between 0 and 3e9 then try_cast(f.duration as double) end as duration,
        case when try_cast(f.wait as double) between -3e9 and 3e9 then try_cast(f.wait as double) end as wait,
        case f.will_retry when 'true' then true when 'false' then false end as will_retry,
        case when json_type(f.queues) = 'ARRAY' then json_extract_string(f.queues, '$[*]') end as queues,
        nullif(f.arguments::varchar, 'null') as arguments
    from told
),

-- Most lines hold keys of job_events alone, each read as what it should be. Only the others are worth a second look.
judged as (
    select
        *,
        list_position($job_events, f.event) is not null as is_job_event,
        list_position($worker_events, f.worker_event) is not null as is_worker_event,
        len(json_keys(line))
        = (f.format is not null)::utinyint + (f.ts is not null)::utinyint + (f.event is not null)::utinyint
        + (f.system is not null)::utinyint + (f.service is not null)::utinyint + (f.environment is not null)::utinyint
        + (f.version is not null)::utinyint + (f.job_id is not null)::utinyint
        + (f.provider_job_id is not null)::utinyint + (f.parent_job_id is not null)::utinyint
        + (f.job_class is not null)::utinyint + (f.queue is not null)::utinyint + (f.attempt is not null)::utinyint
        + (f.max_attempts is not null)::utinyint + (f.arguments is not null)::utinyint
        + (f.idempotency_key is not null)::utinyint + (f.host is not null)::utinyint + (f.pid is not null)::utinyint
        + (f.thread is not null)::utinyint + (f.worker is not null)::utinyint + (f.duration is not null)::utinyint
        + (f.wait is not null)::utinyint + (f.enqueued_at is not null)::utinyint + (f.run_at is not null)::utinyint
        + (f.will_retry is not null)::utinyint + (f.error_class is not null)::utinyint
        + (f.error_message is not null)::utinyint + (f.backtrace is not null)::utinyint
        + (f.trace_id is not null)::utinyint + (f.span_id is not null)::utinyint + (f.message is not null)::utinyint
            as holds_each_key,
        (f.enqueued_at is not null)::utinyint + (f.run_at is not null)::utinyint + (f.attempt is not null)::utinyint
        + (f.max_attempts is not null)::utinyint + (f.pid is not null)::utinyint + (f.concurrency is not null)::utinyint
        + (f.job_count is not null)::utinyint + (f.duration is not null)::utinyint + (f.wait is not null)::utinyint
        + (f.will_retry is not null)::utinyint + (f.queues is not null)::utinyint
        = (enqueued_at is not null)::utinyint + (run_at is not null)::utinyint + (attempt is not null)::utinyint
        + (max_attempts is not null)::utinyint + (pid is not null)::utinyint + (concurrency is not null)::utinyint
        + (job_count is not null)::utinyint + (duration is not null)::utinyint + (wait is not null)::utinyint
        + (will_retry is not null)::utinyint + (queues is not null)::utinyint
            as reads_each_value,
        case
            when is_job_event then $told_of_job_events
            when is_worker_event then $told_of_worker_events
            else $told_of_log_lines
        end as told_in_columns
    from read
)

select
    line_no,
    case
        when line is null then 'no valid JSON: the line is cut or damaged'
        when f is null then 'JSON, but no object'
        when coalesce(f.format <> $format, true)
            then 'its "format" is not ' || $format || ': written by another version; upgrade jobtrail to read it'
        when occurred_at is null then '"ts" is missing or no ISO 8601 time of the years 1970 to 2259'
        when f.event is null and f.worker_event is null and f.message is null and f.level is null
            then 'none of "event", "worker_event" and "message" is there'
    end as reason,
    is_job_event,
    is_worker_event,
    occurred_at,
    f.event as event,
    f.worker_event as worker_event,
    f.level as level,
    f.message as message,
    coalesce(f.system, 'jobrunner') as system,
    f.service as service,
    f.environment as environment,
    f.version as version,
    f.job_id as job_id,
    f.provider_job_id as provider_job_id,
    f.parent_job_id as parent_job_id,
    f.job_class as job_class,
    f.queue as queue,
    attempt,
    max_attempts,
    arguments,
    f.idempotency_key as idempotency_key,
    f.host as host,
    pid,
    f.thread as thread,
    f.worker as worker,
    queues,
    concurrency,
    job_count,
    duration,
    wait,
    enqueued_at,
    run_at,
    will_retry,
    f.error_class as error_class,
    f.error_message as error_message,
    f.backtrace as backtrace,
    lower(f.trace_id) as trace_id,
    lower(f.span_id) as span_id,
    -- what its columns do not hold; what stands in a known key and could not be read is kept with the unknown keys
    case
        when is_job_event and holds_each_key and reads_each_value then null
        when reads_each_value
            then json_merge_patch(line, told_in_columns)
        when f is not null
            then json_merge_patch(
                line,
                told_in_columns,
                json_object(
                    'enqueued_at', case when enqueued_at is null then f.enqueued_at end,
                    'run_at', case when run_at is null then f.run_at end,
                    'attempt', case when attempt is null then f.attempt end,
                    'max_attempts', case when max_attempts is null then f.max_attempts end,
                    'pid', case when pid is null then f.pid end,
                    'concurrency', case when concurrency is null then f.concurrency end,
                    'job_count', case when job_count is null then f.job_count end,
                    'duration', case when duration is null then f.duration end,
                    'wait', case when wait is null then f.wait end,
                    'will_retry', case when will_retry is null then f.will_retry end,
                    'queues', case when queues is null then f.queues end
                )
            )
    end::varchar as beside
from judged
