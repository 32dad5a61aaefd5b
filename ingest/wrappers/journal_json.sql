-- One row per entry of systemd's journal: its message, and what the journal noted of it.
with
lines as (
    select
        r.line_no,
        case when json_valid(r.text) then r.text::json end as entry
    from records as r
),

told as (
    select
        line_no,
        entry,
        json_transform(
            entry,
            '{
                "__CURSOR": "VARCHAR", "__REALTIME_TIMESTAMP": "VARCHAR", "MESSAGE": "JSON", "PRIORITY": "VARCHAR",
                "_HOSTNAME": "VARCHAR", "_SYSTEMD_UNIT": "VARCHAR", "_PID": "VARCHAR", "_STREAM_ID": "VARCHAR",
                "CONTAINER_ID": "VARCHAR", "CONTAINER_PARTIAL_MESSAGE": "VARCHAR"
            }'
        ) as f
    from lines
),

-- A time of more digits than a clock has would not fit a timestamp.
read as (
    select
        *,
        json_type(f.MESSAGE) as type,
        case
            when regexp_full_match(f.__REALTIME_TIMESTAMP, '\d{1,16}')
                then make_timestamp(try_cast(f.__REALTIME_TIMESTAMP as bigint))
        end as written_at
    from told
)

select
    read.line_no,
    case
        when read.entry is null then 'it begins like an entry of the journal, but is cut or damaged'
        when read.type is null or read.type not in ('VARCHAR', 'ARRAY')
            then 'journalctl left out the message, as it does with long ones: name --all'
    end as reason,
    case when read.type = 'VARCHAR' then f.MESSAGE ->> '$' end as text,
    case when read.type = 'ARRAY' then f.MESSAGE::varchar end as "array",
    read.written_at,
    coalesce(f.CONTAINER_ID, f._HOSTNAME) as host,
    concat_ws(' ', f._SYSTEMD_UNIT, f._PID, f._STREAM_ID, f.CONTAINER_ID) as channel,
    case
        when f.PRIORITY in ('0', '1', '2') then 'fatal'
        when f.PRIORITY = '3' then 'error'
        when f.PRIORITY = '4' then 'warn'
        when f.PRIORITY in ('5', '6') then 'info'
        when f.PRIORITY = '7' then 'debug'
    end as level,
    f.__CURSOR as native_id,
    coalesce(f.CONTAINER_PARTIAL_MESSAGE = 'true', false) as partial,
    json_merge_patch(read.entry, '{"MESSAGE": null, "__CURSOR": null}')::varchar as kept
from read
order by read.line_no
