-- One row per object of a log shipper: the line it sent, and what it noted of it.
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
            line,
            '{
                "@timestamp": "VARCHAR", "time": "VARCHAR", "message": "JSON", "log": "JSON", "stream": "VARCHAR",
                "_id": "VARCHAR", "_index": "VARCHAR", "level": "VARCHAR", "log.level": "VARCHAR",
                "host": "JSON", "host.name": "VARCHAR", "hostname": "VARCHAR", "pod": "VARCHAR",
                "kubernetes": {"pod_name": "VARCHAR", "container_name": "VARCHAR", "pod": {"name": "VARCHAR"}},
                "kubernetes.pod.name": "VARCHAR", "kubernetes.pod_name": "VARCHAR",
                "container": {"id": "VARCHAR"}, "container.id": "VARCHAR", "container_id": "VARCHAR"
            }'
        ) as f
    from lines
),

read as (
    select
        *,
        case when json_type(f.message) = 'VARCHAR' then f.message ->> '$' end as message,
        case when json_type(f.log) = 'VARCHAR' then f.log ->> '$' end as log,
        case when json_type(f.log) = 'OBJECT' then f.log ->> '$.level' end as log_level,
        case when json_type(f.log) = 'OBJECT' then f.log ->> '$.file.path' end as log_file,
        coalesce(f."@timestamp", f.time) as written,
        coalesce(
            f.kubernetes.pod.name, f.kubernetes.pod_name, f."kubernetes.pod.name", f."kubernetes.pod_name",
            f.container.id, f."container.id", f.container_id,
            f."host.name",
            case json_type(f.host) when 'VARCHAR' then f.host ->> '$' when 'OBJECT' then f.host ->> '$.name' end,
            f.hostname
        ) as host_name,
        lower(coalesce(f.level, f."log.level", case when json_type(f.log) = 'OBJECT' then f.log ->> '$.level' end)) as severity
    from told
)

select
    read.line_no,
    case
        when read.line is null then 'it begins like a line of a log shipper, but is cut or damaged'
        when coalesce(read.message, read.log) is null then 'a line of a log shipper without its text'
    end as reason,
    coalesce(read.message, read.log) as text,
    case
        when regexp_full_match(read.written, '\d{4}-\d\d-\d\d[T ].*(Z|[+-]\d\d:?\d\d)')
            then try_cast(read.written as timestamptz) at time zone 'UTC'
    end as written_at,
    case
        when regexp_full_match(read.written, '\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?') then try_cast(read.written as timestamp)
        when read.written like '% @ %' then try_strptime(read.written, '%b %-d, %Y @ %H:%M:%S.%g')
    end as written_at_clock,
    read.host_name as host,
    concat_ws(' ', read.host_name, f.kubernetes.container_name, read.log_file, f.stream) as channel,
    case
        when read.severity in ('warn', 'warning') then 'warn'
        when read.severity in ('critical', 'fatal') then 'fatal'
        when read.severity in ('debug', 'info', 'error') then read.severity
    end as level,
    coalesce(f._index || '/' || f._id, f._id) as native_id,
    json_merge_patch(read.line, case when read.message is null then '{"log": null}' else '{"message": null}' end)::varchar as kept
from read
order by read.line_no
