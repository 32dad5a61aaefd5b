-- One row per log event of Datadog: its message, and what Datadog noted of it.
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
                "id": "VARCHAR", "_id": "VARCHAR",
                "attributes": {
                    "timestamp": "VARCHAR", "host": "VARCHAR", "service": "VARCHAR", "status": "VARCHAR",
                    "message": "VARCHAR", "tags": "JSON", "attributes": "JSON"
                },
                "content": {
                    "timestamp": "VARCHAR", "host": "VARCHAR", "service": "VARCHAR", "status": "VARCHAR",
                    "message": "VARCHAR", "tags": "JSON", "attributes": "JSON"
                },
                "date": "VARCHAR", "host": "VARCHAR", "service": "VARCHAR", "status": "VARCHAR", "message": "VARCHAR",
                "tags": "JSON"
            }'
        ) as f
    from lines
),

-- The names of a struct's fields may not differ by their capitals alone: the CSV's columns are asked for one by one.
read as (
    select
        line_no,
        event,
        coalesce(f.id, f._id) as native_id,
        coalesce(f.attributes.message, f.content.message, f.message, event ->> '$.Message', event ->> '$.Content') as message,
        coalesce(f.attributes.timestamp, f.content.timestamp, f.date, event ->> '$.Date') as timestamp,
        coalesce(f.attributes.host, f.content.host, f.host, event ->> '$.Host') as host,
        coalesce(f.attributes.service, f.content.service, f.service, event ->> '$.Service') as service,
        lower(coalesce(f.attributes.status, f.content.status, f.status, event ->> '$.Status')) as status,
        coalesce(f.attributes.attributes, f.content.attributes, event -> '$.attributes')::varchar as structured,
        regexp_extract(coalesce(f.attributes.tags, f.content.tags, f.tags)::varchar, '"pod_name:([^"]+)"', 1) as pod
    from told
)

select
    line_no,
    case when event is null then 'it begins like a log event of Datadog, but is cut or damaged' end as reason,
    coalesce(message, structured, '{}') as text,
    case
        when regexp_full_match(timestamp, '\d{1,13}') then make_timestamp(try_cast(timestamp as bigint) * 1000)
        else try_cast(timestamp as timestamptz) at time zone 'UTC'
    end as written_at,
    coalesce(nullif(pod, ''), nullif(host, '')) as host,
    concat_ws(' ', host, service, nullif(pod, '')) as channel,
    case
        when status in ('emergency', 'alert', 'critical') then 'fatal'
        when status in ('notice', 'ok') then 'info'
        when status = 'warning' then 'warn'
        when status in ('debug', 'info', 'warn', 'error', 'fatal') then status
    end as level,
    nullif(native_id, '') as native_id,
    json_merge_patch(
        event, '{"message": null, "Message": null, "Content": null, "attributes": {"message": null}, "content": {"message": null}}'
    )::varchar as kept
from read
order by line_no
