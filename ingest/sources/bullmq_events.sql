-- One row per event of a BullMQ queue's stream: what it says in columns, and why it cannot be read, if so.
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
                "id": "VARCHAR", "event": "VARCHAR", "queue": "VARCHAR", "queueName": "VARCHAR", "stream": "VARCHAR",
                "key": "VARCHAR", "jobId": "VARCHAR", "name": "VARCHAR", "prev": "VARCHAR", "delay": "VARCHAR",
                "failedReason": "VARCHAR", "attemptsMade": "VARCHAR"
            }'
        ) as f
    from lines
),

read as (
    select
        line_no,
        line,
        f,
        -- Redis counts the entries of one millisecond: their order is kept in the microseconds
        case
            when regexp_full_match(f.id, '\d{9,13}-\d{1,9}') and split_part(f.id, '-', 1)::bigint < 9145000000000
                then make_timestamp(
                    split_part(f.id, '-', 1)::bigint * 1000 + least(split_part(f.id, '-', 2)::bigint, 999)
                )
        end as occurred_at,
        coalesce(
            f.queue, f.queueName, nullif(regexp_extract(coalesce(f.stream, f.key), '^.+:([^:]+):events$', 1), '')
        ) as queue,
        case
            when regexp_full_match(f.delay, '\d{9,13}') and f.delay::bigint < 9145000000000
                then make_timestamp(f.delay::bigint * 1000)
        end as run_at,
        case when regexp_full_match(f.attemptsMade, '\d{1,9}') then f.attemptsMade::integer end as attempt
    from told
)

select
    line_no,
    occurred_at,
    queue,
    f.name as job_class,
    case when f.jobId is not null then queue || ':' || f.jobId end as job_id,
    attempt,
    f.event as words,
    case
        when line is null then 'no valid JSON: the line is cut or damaged'
        when f is null then 'JSON, but no object'
        when f.event is null then 'an entry of a BullMQ stream without "event"'
        when occurred_at is null then '"id" is no id of a stream of the years 1970 to 2259'
    end as reason,
    case
        when f.jobId is null then null
        when f.event = 'added' then 'enqueued'
        when f.event = 'waiting' and f.prev = 'active' then 'failed'
        when f.event = 'waiting' then 'enqueued'
        when f.event = 'delayed' then 'scheduled'
        when f.event = 'active' then 'started'
        when f.event = 'completed' then 'succeeded'
        when f.event = 'failed' then 'failed'
        when f.event = 'retries-exhausted' then 'retries_exhausted'
        when f.event = 'stalled' then 'requeued'
        when f.event = 'progress' then 'heartbeat'
        when f.event = 'waiting-children' and f.prev = 'active' then 'interrupted'
        when f.event = 'removed' and list_contains(['completed', 'failed', 'active'], f.prev) then null
        when f.event = 'removed' then 'cancelled'
    end as event,
    case
        when f.event = 'waiting' and f.prev = 'active' then true
        when f.event = 'waiting-children' and f.prev = 'active' then true
        when f.event = 'failed' then false
    end as will_retry,
    case when f.event = 'delayed' then run_at end as run_at,
    f.failedReason as error_message,
    f.event = 'waiting' and f.prev = 'active' as is_put_back,
    json_merge_patch(
        line,
        (
            '{"event": null, "name": null, "failedReason": null'
            -- where the queue is not named, the number of the job is for whoever can tell the queue
            || case
                when f.jobId is null or queue is not null then ', "jobId": null, "queue": null, "queueName": null' else ''
            end
            || case when f.event = 'delayed' and run_at is not null then ', "delay": null' else '' end
            || case when attempt is not null then ', "attemptsMade": null' else '' end
            || '}'
        )::json
    )::varchar as attributes
from read
order by line_no
