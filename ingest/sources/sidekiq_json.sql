-- One row per line of Sidekiq's JSON log: what it says in columns, and why it cannot be read, if so.
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
                "ts": "VARCHAR", "pid": "VARCHAR", "tid": "VARCHAR", "lvl": "VARCHAR", "msg": "VARCHAR",
                "ctx": {
                    "class": "VARCHAR", "jid": "VARCHAR", "elapsed": "VARCHAR", "job": "JSON",
                    "queue": "VARCHAR", "trace_id": "VARCHAR", "span_id": "VARCHAR"
                }
            }'
        ) as f
    from lines
),

read as (
    select
        told.line_no,
        told.line,
        told.f,
        case
            when not regexp_full_match(f.ts[1:11], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ]') then null
            when f.ts[-1] = 'Z' then try_cast(f.ts as timestamp)
            else try_cast(f.ts as timestamptz) at time zone 'UTC'
        end as occurred_at,
        case
            -- most lines hold nothing but what columns hold
            when
                len(json_keys(told.line))
                = (f.ts is not null)::utinyint + (f.pid is not null)::utinyint + (f.tid is not null)::utinyint
                + (f.lvl is not null)::utinyint + (f.msg is not null)::utinyint + (f.ctx is not null)::utinyint
                and coalesce(len(json_keys(told.line, '$.ctx')), 0)
                = (f.ctx.class is not null)::utinyint + (f.ctx.jid is not null)::utinyint
                + coalesce(try_cast(f.ctx.elapsed as double) between 0 and 3e9, false)::utinyint
                + (f.ctx.queue is not null)::utinyint
                then '{}'
            else json_merge_patch(
                json_merge_patch(told.line, '{"ts": null, "pid": null, "tid": null, "lvl": null, "msg": null}'),
                case
                    when f.ctx.elapsed is null or try_cast(f.ctx.elapsed as double) between 0 and 3e9
                        then '{"ctx": {"class": null, "jid": null, "elapsed": null, "queue": null}}'
                    else '{"ctx": {"class": null, "jid": null, "queue": null}}'
                end
            )
        end as kept,
        case when regexp_full_match(f.ctx.trace_id, '[0-9a-f]{32}') then f.ctx.trace_id end as trace_id,
        case when regexp_full_match(f.ctx.span_id, '[0-9a-f]{16}') then f.ctx.span_id end as span_id
    from told
)

select
    read.line_no,
    read.occurred_at,
    f.tid as thread,
    f.ctx.jid as job_id,
    f.ctx.class as job_class,
    f.ctx.queue,
    read.trace_id,
    read.span_id,
    case
        when read.line is null then 'no valid JSON: the line is cut or damaged'
        when read.f is null then 'JSON, but no object'
        when read.occurred_at is null then '"ts" is missing or no ISO 8601 time of the years 1970 to 2259'
    end as reason,
    lower(f.lvl) as level,
    try_cast(f.pid as bigint) as pid,
    case when try_cast(f.ctx.elapsed as double) between 0 and 3e9 then try_cast(f.ctx.elapsed as double) end as duration,
    case when f.ctx.job is not null then json_extract(read.line, '$.ctx')::varchar end as report,
    coalesce(f.msg, '') as words,
    nullif(nullif(read.kept::varchar, '{"ctx":{}}'), '{}') as attributes
from read
order by read.line_no
