-- One row per log event of CloudWatch: its message, and what CloudWatch noted of it.
with
lines as (
    select
        r.line_no,
        case when json_valid(r.text) then r.text::json end as event
    from records as r
),

told as (
    select
        line_no,
        event,
        json_transform(
            event,
            '{
                "timestamp": "VARCHAR", "message": "VARCHAR", "logStreamName": "VARCHAR", "logStream": "VARCHAR",
                "logGroup": "VARCHAR", "eventId": "VARCHAR", "id": "VARCHAR", "@timestamp": "VARCHAR",
                "@message": "VARCHAR", "@logStream": "VARCHAR", "@log": "VARCHAR"
            }'
        ) as f
    from lines
)

select
    told.line_no,
    case
        when told.event is null then 'it begins like a log event of CloudWatch, but is cut or damaged'
        when coalesce(f.message, f."@message") is null then 'a log event of CloudWatch without a message'
    end as reason,
    coalesce(f.message, f."@message") as text,
    case
        when regexp_full_match(f.timestamp, '\d{1,13}') then make_timestamp(try_cast(f.timestamp as bigint) * 1000)
        else try_cast(f."@timestamp" as timestamp)
    end as written_at,
    concat_ws(' ', coalesce(f.logGroup, f."@log"), coalesce(f.logStreamName, f.logStream, f."@logStream")) as channel,
    coalesce(f.eventId, case when regexp_full_match(f.id, '\d{50,}') then f.id end) as native_id,
    json_merge_patch(told.event, '{"message": null, "@message": null, "eventId": null}')::varchar as kept
from told
order by told.line_no
