-- One row per event of Celery's real-time events: what it says in columns, and why it cannot be read, if so.
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
        line,
        json_transform(
            case when json_type(line) = 'OBJECT' then line end,
            '{
                "type": "VARCHAR", "timestamp": "VARCHAR", "hostname": "VARCHAR", "uuid": "VARCHAR", "name": "VARCHAR",
                "args": "VARCHAR", "kwargs": "VARCHAR", "queue": "VARCHAR", "retries": "VARCHAR", "eta": "VARCHAR",
                "parent_id": "VARCHAR", "runtime": "VARCHAR", "exception": "VARCHAR", "traceback": "VARCHAR",
                "terminated": "VARCHAR", "sw_ver": "VARCHAR", "result": "VARCHAR"
            }'
        ) as f
    from lines
),

read as (
    select
        *,
        try_cast(f.timestamp as double) as seconds,
        try_cast(f.retries as integer) as retries,
        try_cast(f.runtime as double) as runtime
    from told
)

select
    line_no,
    f.type as type,
    f.hostname as hostname,
    f.uuid as uuid,
    f.name as name,
    f.args as args,
    f.kwargs as kwargs,
    f.queue as queue,
    f.parent_id as parent_id,
    f.exception as written,
    f.traceback as traceback,
    f.terminated = 'true' as terminated,
    f.sw_ver as version,
    case when seconds between 0 and 9151488000 then make_timestamp((seconds * 1e6)::bigint) end as occurred_at,
    case when retries between 0 and 2000000000 then retries + 1 end as attempt,
    case when runtime between 0 and 3e9 then runtime end as duration,
    f.eta is not null as is_due_later,
    case
        when regexp_full_match(f.eta[1:11], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\dT')
            then
                case
                    when regexp_matches(f.eta, '(Z|[+-]\d\d:?\d\d)$') then try_cast(f.eta as timestamptz) at time zone 'UTC'
                    else try_cast(f.eta as timestamp)
                end
    end as run_at,
    case
        when line is null then 'no valid JSON: the line is cut or damaged'
        when f is null then 'JSON, but no object'
        when f.type is null then 'an event without a "type"'
        when coalesce(seconds not between 0 and 9151488000, true)
            then '"timestamp" is missing or no number of seconds of the years 1970 to 2259'
        when starts_with(f.type, 'task-') and f.uuid is null then 'an event of a task without its "uuid"'
    end as reason,
    nullif(
        json_merge_patch(
            line,
            '{
                "type": null, "timestamp": null, "uuid": null, "name": null, "args": null, "kwargs": null,
                "queue": null, "parent_id": null, "exception": null, "traceback": null, "sw_ver": null
            }'
        )::varchar, '{}'
    ) as attributes
from read
order by line_no
