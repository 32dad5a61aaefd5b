-- One row per line: an event of Active Job in columns, or the words of one, or why it cannot be read.
with
lines as (
    select
        r.line_no,
        case when json_valid(r.text) then r.text::json end as line
    from records as r
),

told as (
    select
        line_no,
        case when json_type(line) = 'OBJECT' then line end as line,
        json_transform(
            case when json_type(line) = 'OBJECT' then line end,
            '{
                "name": "VARCHAR", "event": "VARCHAR", "event_name": "VARCHAR", "payload": "JSON", "tags": "JSON",
                "timestamp": "VARCHAR", "@timestamp": "VARCHAR", "time": "VARCHAR", "ts": "VARCHAR",
                "level": "VARCHAR", "severity": "VARCHAR", "pid": "VARCHAR", "thread": "VARCHAR", "host": "VARCHAR",
                "message": "VARCHAR", "msg": "VARCHAR", "environment": "VARCHAR", "application": "VARCHAR",
                "exception": {"name": "VARCHAR", "message": "VARCHAR", "stack_trace": "JSON"}
            }'
        ) as f
    from lines
),

opened as (
    select
        line_no,
        line,
        f,
        case when json_type(f.payload) = 'OBJECT' then f.payload end as payload,
        json_transform(
            case when json_type(f.payload) = 'OBJECT' then f.payload else line end,
            '{
                "event_name": "VARCHAR", "job_class": "VARCHAR", "job_id": "VARCHAR", "provider_job_id": "VARCHAR",
                "queue": "VARCHAR", "queue_name": "VARCHAR", "adapter": "VARCHAR", "adapter_class": "VARCHAR",
                "arguments": "JSON", "args": "JSON", "aborted": "VARCHAR", "status": "VARCHAR",
                "scheduled_at": "VARCHAR", "enqueued_at": "VARCHAR", "duration": "VARCHAR", "executions": "VARCHAR",
                "wait_seconds": "VARCHAR", "wait": "VARCHAR", "retry_in": "VARCHAR",
                "exception_class": "VARCHAR", "exception_message": "VARCHAR", "exception_backtrace": "JSON",
                "error": "VARCHAR", "backtrace": "JSON"
            }'
        ) as p
    from told
),

named as (
    -- Rails' own events are named active_job.X, the notifications that gems log X.active_job; some name a status only.
    select
        *,
        coalesce(
            nullif(regexp_extract(coalesce(f.name, ''), '^active_job\.(\w+)$', 1), ''),
            nullif(regexp_extract(coalesce(f.event, ''), '^active_job\.(\w+)$', 1), ''),
            case regexp_extract(coalesce(p.event_name, f.event_name, f.event, f.name, ''), '^(\w+)\.active_job$', 1)
                when 'enqueue' then 'enqueued'
                when 'enqueue_at' then 'enqueued_at'
                when 'perform_start' then 'started'
                when 'perform' then 'completed'
                when 'enqueue_retry' then 'retry_scheduled'
                when 'retry_stopped' then 'retry_stopped'
                when 'discard' then 'discarded'
                when 'interrupt' then 'interrupt'
                when '' then null
                else 'other'
            end,
            case
                when p.status = 'enqueued' and p.scheduled_at is not null then 'enqueued_at'
                when p.status = 'enqueued' then 'enqueued'
                when p.status = 'performing' then 'started'
                when p.status in ('performed', 'failed', 'aborted') and p.duration is not null then 'completed'
                when p.status in ('failed', 'retrying') and p.retry_in is not null then 'retry_scheduled'
                when p.status = 'aborted' then 'enqueued'
                when p.status is not null then 'other'
            end
        ) as kind,
        coalesce(f.message, f.msg) as words,
        coalesce(f.exception.name, p.exception_class) as error_class,
        coalesce(f.exception.message, p.exception_message, p.error) as error_message,
        coalesce(f.exception.stack_trace, p.exception_backtrace, p.backtrace) as frames,
        coalesce(f['timestamp'], f['@timestamp'], f['time'], f.ts) as told_at
    from opened
),

judged as (
    select
        *,
        coalesce(
            p.aborted = 'true' or p.status = 'aborted' or regexp_matches(coalesce(words, ''), 'a before_\w+ callback halted the '),
            false
        ) as is_halted,
        error_class is not null or error_message is not null or coalesce(p.status = 'failed', false) as is_failure,
        moment_of(told_at) as occurred_at,
        '[' || array_to_string(nullif(try_cast(f.tags as varchar[]), []), '] [') || '] ' as tags
    from named
)

select
    line_no,
    case
        when line is null then 'no valid JSON object: the line is cut or damaged'
        when kind is null and words is null then 'neither an event of Active Job nor the words of one'
    end as reason,
    occurred_at,
    case
        when p.job_class is null and p.job_id is null then null
        when kind in ('enqueued', 'enqueued_at', 'completed') and is_halted then 'cancelled'
        when kind in ('enqueued', 'enqueued_at') and is_failure then 'enqueue_failed'
        when kind = 'enqueued' and p.scheduled_at is null then 'enqueued'
        when kind in ('enqueued', 'enqueued_at') then 'scheduled'
        when kind = 'started' then 'started'
        when kind = 'completed' and error_class = 'Sidekiq::Shutdown' then 'interrupted'
        when kind = 'completed' and is_failure then 'failed'
        when kind = 'completed' then 'succeeded'
        when kind = 'retry_scheduled' then 'retry_scheduled'
        when kind = 'retry_stopped' then 'retries_exhausted'
        when kind = 'discarded' then 'discarded'
        when kind = 'interrupt' then 'interrupted'
    end as event,
    kind is not null as is_event,
    p.job_id,
    nullif(p.provider_job_id, '') as provider_job_id,
    p.job_class,
    coalesce(p.queue, p.queue_name) as queue,
    case when kind in ('retry_scheduled', 'retry_stopped') then try_cast(p.executions as integer) end as attempt,
    nullif(nullif(coalesce(p.arguments, p.args)::varchar, 'null'), '""') as arguments,
    f.host,
    f.environment,
    f.application as service,
    try_cast(f.pid as bigint) as pid,
    f.thread,
    case
        when kind = 'completed' and try_cast(p.duration as double) between 0 and 3e12 then try_cast(p.duration as double) / 1000
    end as duration,
    case when kind = 'started' then moment_of(p.enqueued_at) end as enqueued_at,
    coalesce(
        case when kind in ('enqueued', 'enqueued_at') then moment_of(p.scheduled_at) end,
        case
            when kind = 'retry_scheduled'
                then
                    occurred_at + to_microseconds(
                        (try_cast(coalesce(p.wait_seconds, p.wait, p.retry_in) as double) * 1e6)::bigint
                    )
        end
    ) as run_at,
    error_class,
    error_message,
    array_to_string(try_cast(frames as varchar[]), chr(10)) as backtrace,
    lower(coalesce(f.level, f.severity)) as level,
    coalesce(words, f.name, f.event, p.status) as words,
    tags,
    told_at,
    nullif(json_merge_patch(
        json_merge_patch(
            line,
            '{
                "level": null, "severity": null, "thread": null, "host": null, "environment": null,
                "application": null, "message": null, "msg": null
            }'
        ),
        case
            when occurred_at is not null or regexp_full_match(told_at, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?')
                then json('{"timestamp": null, "@timestamp": null, "time": null, "ts": null}')
            else json('{}')
        end,
        case when try_cast(f.pid as bigint) is not null then json('{"pid": null}') else json('{}') end,
        case
            when f.exception.name is not null
                then json('{"exception": {"name": null, "message": null, "stack_trace": null}}')
            else json('{}')
        end,
        case when kind is null and tags is not null then json('{"tags": null}') else json('{}') end,
        case when payload is not null then json_object('payload', json('{
            "job_class": null, "job_id": null, "provider_job_id": null, "queue": null, "arguments": null,
            "exception_class": null, "exception_message": null, "exception_backtrace": null, "enqueued_at": null,
            "adapter": null, "aborted": null
        }')) else json('{
            "job_class": null, "job_id": null, "provider_job_id": null, "queue": null, "queue_name": null,
            "arguments": null, "args": null, "error": null, "backtrace": null, "enqueued_at": null,
            "exception_class": null, "exception_message": null, "exception_backtrace": null
        }') end,
        case
            when coalesce(p.adapter, p.adapter_class) is not null
                then json_object('adapter', regexp_replace(coalesce(p.adapter, p.adapter_class), 'Adapter$', ''))
            else json('{}')
        end
    )::varchar, '{}') as attributes
from judged
order by line_no
