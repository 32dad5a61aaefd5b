-- One row per line of a Celery log in JSON: what it says in columns, and why it cannot be read, if so.
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
                "asctime": "VARCHAR", "timestamp": "VARCHAR", "time": "VARCHAR", "@timestamp": "VARCHAR", "ts": "VARCHAR",
                "levelname": "VARCHAR", "level": "VARCHAR", "severity": "VARCHAR",
                "name": "VARCHAR", "logger": "VARCHAR", "logger_name": "VARCHAR",
                "processName": "VARCHAR", "process_name": "VARCHAR",
                "message": "VARCHAR", "event": "VARCHAR", "msg": "VARCHAR",
                "task_id": "VARCHAR", "task_name": "VARCHAR", "exc_info": "VARCHAR", "exception": "VARCHAR",
                "trace_id": "VARCHAR", "span_id": "VARCHAR",
                "data": {
                    "id": "VARCHAR", "name": "VARCHAR", "args": "VARCHAR", "kwargs": "VARCHAR", "eta": "VARCHAR",
                    "traceback": "VARCHAR"
                }
            }'
        ) as f
    from lines
),

named as (
    select
        *,
        coalesce(f.asctime, f.timestamp, f.time, f."@timestamp", f.ts) as told_at,
        coalesce(f.logger, f.logger_name, f.name, '') as logger,
        coalesce(f.message, f.event, f.msg, '') as words,
        coalesce(
            f.exc_info,
            case when not starts_with(f.exception, '[') then f.exception end,
            f.data.traceback
        ) as told_traceback
    from told
),

timed as (
    select
        *,
        case
            when regexp_full_match(told_at[1:11], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\d[T ]')
                then replace(told_at, ',', '.')
        end as written_at,
        try_cast(told_at as double) as number_at
    from named
),

zoned as (
    select
        *,
        regexp_matches(written_at, '[0-9 ](Z|[+-]\d\d:?\d\d)$') as names_zone,
        case when number_at >= 1e11 then number_at / 1e3 else number_at end as seconds
    from timed
)

select
    line_no,
    case
        when names_zone then try_cast(written_at as timestamptz) at time zone 'UTC'
        when seconds between 0 and 9151488000 then make_timestamp((seconds * 1e6)::bigint)
    end as occurred_at,
    case when not names_zone then try_cast(written_at as timestamp) end as occurred_at_clock,
    lower(coalesce(f.levelname, f.level, f.severity)) as level,
    coalesce(f.processName, f.process_name) as thread,
    coalesce(f.task_id, f.data.id) as job_id,
    coalesce(f.task_name, f.data.name) as job_class,
    f.data.args as args,
    f.data.kwargs as kwargs,
    case
        when
            regexp_full_match(f.data.eta[1:11], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-\d\d-\d\dT')
            and regexp_matches(f.data.eta, '(Z|[+-]\d\d:?\d\d)$')
            then try_cast(f.data.eta as timestamptz) at time zone 'UTC'
    end as run_at,
    case when regexp_full_match(f.trace_id, '[0-9a-f]{32}') then f.trace_id end as trace_id,
    case when regexp_full_match(f.span_id, '[0-9a-f]{16}') then f.span_id end as span_id,
    logger = 'celery' or starts_with(logger, 'celery.') as own,
    words,
    nullif(nullif(told_traceback, 'NoneType: None'), '') as traceback,
    case
        when line is null then 'no valid JSON: the line is cut or damaged'
        when f is null then 'JSON, but no object'
        when occurred_at is null and occurred_at_clock is null
            then 'it has no time of the years 1970 to 2259 under any of the names that loggers use'
    end as reason,
    nullif(
        nullif(
            json_merge_patch(
                line,
                '{
                    "asctime": null, "timestamp": null, "time": null, "@timestamp": null, "ts": null,
                    "levelname": null, "level": null, "severity": null, "processName": null, "process_name": null,
                    "message": null, "event": null, "msg": null, "task_id": null, "task_name": null, "exc_info": null,
                    "trace_id": null, "span_id": null,
                    "data": {"id": null, "name": null, "args": null, "kwargs": null, "traceback": null}
                }'
            )::varchar, '{}'
        ), '{"data":{}}'
    ) as attributes
from zoned
order by line_no
