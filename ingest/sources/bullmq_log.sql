-- One row per line that pino or a logger like it wrote: what it says of a job of BullMQ in columns, and why it cannot be read, if so.
with
lines as (
    select
        r.line_no,
        case when json_valid(ltrim(r.text, chr(65279))) then ltrim(r.text, chr(65279))::json end as line
    from records as r
),

told as (
    select
        line_no,
        line,
        json_transform(
            case when json_type(line) = 'OBJECT' then line end,
            '{
                "level": "VARCHAR", "time": "VARCHAR", "timestamp": "VARCHAR", "pid": "VARCHAR", "hostname": "VARCHAR",
                "msg": "VARCHAR", "message": "VARCHAR",
                "event": "VARCHAR", "queue": "VARCHAR", "queueName": "VARCHAR", "jobId": "VARCHAR", "job": "VARCHAR",
                "jobName": "VARCHAR", "attemptsMade": "VARCHAR", "attempts": "VARCHAR", "maxAttempts": "VARCHAR",
                "durationMs": "VARCHAR", "failedReason": "VARCHAR", "delay": "VARCHAR", "data": "VARCHAR", "err": "VARCHAR",
                "error": "VARCHAR", "worker": "VARCHAR", "trace_id": "VARCHAR", "span_id": "VARCHAR",
                "traceId": "VARCHAR", "spanId": "VARCHAR"
            }'
        ) as f
    from lines
),

-- A job that is logged as it is has its own names for what applications write beside it.
jobs as (
    select
        line_no,
        line,
        f,
        coalesce(f.time, f.timestamp) as told_at,
        coalesce(f.msg, f.message) as said,
        case
            when starts_with(f.job, '{') then try(json_transform(
                f.job,
                '{
                    "id": "VARCHAR", "name": "VARCHAR", "queueName": "VARCHAR", "attemptsMade": "VARCHAR",
                    "data": "VARCHAR", "opts": {"attempts": "VARCHAR"}, "failedReason": "VARCHAR"
                }'
            ))
        end as j,
        case
            when starts_with(coalesce(f.err, f.error), '{') then try(json_transform(
                coalesce(f.err, f.error),
                '{"type": "VARCHAR", "name": "VARCHAR", "message": "VARCHAR", "stack": "VARCHAR"}'
            ))
        end as err
    from told
),

read as (
    select
        line_no,
        line,
        f,
        j,
        case
            when regexp_full_match(told_at, '\d{9,13}(\.\d+)?') and told_at::double < 9145000000000
                then make_timestamp((told_at::double * 1000)::bigint)
            when
                regexp_full_match(told_at, '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ][^Z]*Z')
                then try_cast(told_at as timestamp)
            when regexp_full_match(told_at, '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ].*[-+]\d\d:?\d\d')
                then try_cast(told_at as timestamptz) at time zone 'UTC'
        end as occurred_at,
        case
            when regexp_full_match(told_at, '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\d([.,]\d{1,9})?')
                then try_cast(replace(told_at, ',', '.') as timestamp)
        end as occurred_at_clock,
        said,
        case f.level
            when '30' then 'info' when '40' then 'warn' when '50' then 'error' when '20' then 'debug' when '10' then 'debug'
            when '60' then 'fatal' when 'info' then 'info' when 'warn' then 'warn' when 'error' then 'error'
            when 'debug' then 'debug' when 'trace' then 'debug' when 'fatal' then 'fatal' when 'warning' then 'warn'
        end as level,
        case when regexp_full_match(f.pid, '\d{1,18}') then f.pid::bigint end as pid,
        coalesce(f.queue, f.queueName, j.queueName) as queue,
        coalesce(f.jobId, j.id) as number,
        coalesce(case when j is null then f.job end, f.jobName, j.name) as job_class,
        case
            when regexp_full_match(coalesce(f.attemptsMade, j.attemptsMade), '\d{1,9}')
                then coalesce(f.attemptsMade, j.attemptsMade)::integer
        end as attempts_made,
        case
            when regexp_full_match(coalesce(f.maxAttempts, f.attempts, j.opts.attempts), '\d{1,9}')
                then greatest(coalesce(f.maxAttempts, f.attempts, j.opts.attempts)::integer, 1)
        end as max_attempts,
        case when try_cast(f.durationMs as double) between 0 and 3e12 then f.durationMs::double / 1000 end as duration,
        case
            when json_valid(f.data) and f.data[1] in ('{', '[') then f.data
            when json_valid(j.data) and j.data[1] in ('{', '[') then j.data
        end as arguments,
        coalesce(err.type, err.name) as error_class,
        coalesce(err.message, case when err is null then coalesce(f.err, f.error) end, f.failedReason, j.failedReason)
            as error_message,
        err.stack as backtrace,
        err is not null as has_error,
        lower(coalesce(said, '')) as words,
        lower(
            coalesce(
                nullif(regexp_extract(lower(f.event), '^(?:job[ :._-]?)?([a-z-]+)$', 1), ''),
                nullif(
                    regexp_extract(
                        lower(said),
                        '^(?:bullmq )?(?:(?:job|task)[ :._-]*(?:#?\S{1,80} )?(?:(?:is|has|was|now|been) )*)?'
                        || '(active|started|processing|completed|succeeded|finished|failed|errored|stalled|added|enqueued'
                        || '|queued|waiting|delayed|progress|retries[ -]exhausted)(?: *[:!.(\[-].*| with .*| because .*| after .*)?$',
                        1
                    ), ''
                )
            )
        ) as deed,
        case when regexp_full_match(coalesce(f.trace_id, f.traceId), '[0-9a-f]{32}') then coalesce(f.trace_id, f.traceId) end
            as trace_id,
        case when regexp_full_match(coalesce(f.span_id, f.spanId), '[0-9a-f]{16}') then coalesce(f.span_id, f.spanId) end
            as span_id
    from jobs
),

judged as (
    select
        *,
        case
            when number is null then null
            when list_contains(['active', 'started', 'processing'], deed) then 'started'
            when list_contains(['completed', 'succeeded', 'finished'], deed) then 'succeeded'
            when list_contains(['failed', 'errored'], deed) then 'failed'
            when deed = 'stalled' then 'requeued'
            when list_contains(['added', 'enqueued', 'queued', 'waiting'], deed) then 'enqueued'
            when deed = 'progress' then 'heartbeat'
            when list_contains(['retries-exhausted', 'retries exhausted'], deed) then 'retries_exhausted'
        end as event,
        case
            when number is not null then null
            when regexp_matches(words, '^(bullmq )?worker (is )?(ready|started|running|listening|online)\b') then 'booted'
            when regexp_matches(words, '^(bullmq )?worker (is )?(closing|stopping|shutting down)\b') then 'stopping'
            when regexp_matches(words, '^(bullmq )?worker (is |has )?(closed|stopped|shut down|been closed)\b') then 'stopped'
        end as worker_event
    from read
)

select
    line_no,
    occurred_at,
    occurred_at_clock,
    level,
    event,
    worker_event,
    queue,
    job_class,
    max_attempts,
    duration,
    arguments,
    trace_id,
    span_id,
    error_class,
    error_message,
    backtrace,
    f.worker as worker,
    coalesce(said, f.event, '') as message,
    queue is not null or number is not null or worker_event is not null as is_of_bullmq,
    case when number is not null then coalesce(queue || ':', '') || number end as job_id,
    -- who notices that a job has stalled is not who ran it
    case when coalesce(event <> 'requeued', true) then f.hostname end as host,
    case when coalesce(event <> 'requeued', true) then pid end as pid,
    -- it counts the attempts that have ended
    case when event = 'started' then attempts_made + 1 when event in ('succeeded', 'failed') then nullif(attempts_made, 0) end
        as attempt,
    case
        when event <> 'failed' then null
        when error_class = 'UnrecoverableError' or starts_with(error_message, 'job stalled more than allowable limit') then false
        when attempts_made > 0 then attempts_made < max_attempts
    end as will_retry,
    case
        when line is null then 'no valid JSON: the line is cut or damaged'
        when f is null then 'JSON, but no object'
        when occurred_at is null and occurred_at_clock is null then '"time" is missing or no time of the years 1970 to 2259'
    end as reason,
    nullif(
        json_merge_patch(
            line,
            (
                '{"queue": null, "queueName": null, "jobId": null, "jobName": null'
                || case when f.time is null then ', "timestamp": null' else ', "time": null' end
                || case when f.msg is null then ', "message": null' else ', "msg": null' end
                || case when event = 'requeued' then '' else ', "hostname": null' end
                || case when pid is not null and coalesce(event <> 'requeued', true) then ', "pid": null' else '' end
                || case when level is not null then ', "level": null' else '' end
                || case
                    when event is not null and attempts_made is not null and f.attemptsMade is not null
                        then ', "attemptsMade": null'
                    else ''
                end
                || case when duration is not null then ', "durationMs": null' else '' end
                || case when f.job is not null and j is null then ', "job": null' else '' end
                || case when event is not null and arguments = f.data then ', "data": null' else '' end
                || case
                    when event is null or not has_error then ''
                    when f.err is not null then ', "err": {"type": null, "message": null, "stack": null}'
                    else ', "error": {"type": null, "message": null, "stack": null}'
                end
                || '}'
            )::json
        )::varchar, '{}'
    ) as attributes
from judged
order by line_no
