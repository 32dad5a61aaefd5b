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

-- What stands in a known key and could not be read as what it should be is kept with the unknown keys.
kept as (
    select
        *,
        case
            when
                (f.enqueued_at is not null and enqueued_at is null)
                or (f.run_at is not null and run_at is null)
                or (f.attempt is not null and attempt is null)
                or (f.max_attempts is not null and max_attempts is null)
                or (f.pid is not null and pid is null)
                or (f.concurrency is not null and concurrency is null)
                or (f.job_count is not null and job_count is null)
                or (f.duration is not null and duration is null)
                or (f.wait is not null and wait is null)
                or (f.will_retry is not null and will_retry is null)
                or (f.queues is not null and queues is null)
                then json_object(
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
            else '{}'::json
        end as misread
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
    coalesce(list_contains($job_events, f.event), false) as is_job_event,
    coalesce(list_contains($worker_events, f.worker_event), false) as is_worker_event,
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
    -- each patch is worked out only for lines that go into its table, and say more than its columns hold
    case
        when f.event is null then null
        when
            misread = '{}'
            and len(list_filter(json_keys(line), lambda key: not list_contains($keys_of_job_events, key))) = 0
            then '{}'::json
        else json_merge_patch(line, $told_of_job_events, misread)
    end::varchar as beside_job_event,
    case
        when f.worker_event is not null then json_merge_patch(line, $told_of_worker_events, misread)
    end::varchar as beside_worker_event,
    case
        when
            f is not null
            and not coalesce(list_contains($job_events, f.event), false)
            and not coalesce(list_contains($worker_events, f.worker_event), false)
            then json_merge_patch(line, $told_of_log_lines, misread)
    end::varchar as beside_log_line
from kept
