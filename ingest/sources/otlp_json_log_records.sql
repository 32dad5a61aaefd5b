-- One row per log record of the batch, with its resource and the logger that wrote it.
with
resources as (
    select
        line_no,
        unnest(json_extract(request, '$.resourceLogs[*]')) as holder,
        generate_subscripts(json_extract(request, '$.resourceLogs[*]'), 1) as resource_no
    from requests
),

scope_lists as (
    select
        line_no,
        resource_no,
        otlp_object(holder -> '$.resource.attributes') as resource,
        list_concat(
            coalesce(json_extract(holder, '$.scopeLogs[*]'), []),
            coalesce(json_extract(holder, '$.instrumentationLibraryLogs[*]'), [])
        ) as holders
    from resources
),

scopes as (
    select
        line_no,
        resource_no,
        resource,
        unnest(holders) as holder,
        generate_subscripts(holders, 1) as scope_no
    from scope_lists
),

-- Beside an unnest an expression is worked out for each row that comes of it: here, the whole scope once per record.
record_lists as (
    select
        line_no,
        resource_no,
        resource,
        scope_no,
        coalesce(holder -> '$.scope', holder -> '$.instrumentationLibrary') as scope,
        json_extract(holder, '$.logRecords[*]') as records
    from scopes
),

sent as (
    select
        line_no,
        resource_no,
        resource,
        scope_no,
        scope,
        unnest(records) as record,
        generate_subscripts(records, 1) as log_no
    from record_lists
),

told as (
    select
        line_no,
        record,
        resource,
        scope,
        (row_number() over (partition by line_no order by resource_no, scope_no, log_no) - 1)::integer as record_no,
        scope ->> '$.name' as logger,
        otlp_object(record -> '$.attributes') as attributes,
        otlp_value(record -> '$.body') as body,
        coalesce(otlp_nanos(record ->> '$.timeUnixNano'), otlp_nanos(record ->> '$.observedTimeUnixNano')) as unix_nano,
        otlp_integer(record ->> '$.severityNumber') as severity
    from sent
),

named as (
    select
        *,
        json_transform(
            attributes,
            '{
                "messaging.message.id": "VARCHAR", "task_id": "VARCHAR", "task_name": "VARCHAR", "job_id": "VARCHAR",
                "job_class": "VARCHAR", "thread.id": "VARCHAR", "thread.name": "VARCHAR"
            }'
        ) as a
    from told
)

select
    named.line_no,
    named.record_no,
    case when json_type(named.record) <> 'OBJECT' then 'is no object' end as reason,
    make_timestamp(named.unix_nano // 1000) as occurred_at,
    case
        when named.severity between 1 and 8 then 'debug'
        when named.severity between 9 and 12 then 'info'
        when named.severity between 13 and 16 then 'warn'
        when named.severity between 17 and 20 then 'error'
        when named.severity between 21 and 24 then 'fatal'
        else nullif(lower(named.record ->> '$.severityText'), '')
    end as level,
    case
        when json_type(named.body) = 'VARCHAR' then named.body ->> '$'
        when json_type(named.body) = 'NULL' then ''
        else named.body::varchar
    end as message,
    case when named.logger = 'celery' or starts_with(named.logger, 'celery.') then 'celery' end as system,
    named.resource ->> '$."host.name"' as host,
    case
        when regexp_full_match(named.resource ->> '$."process.pid"', '\d+') then try_cast(named.resource ->> '$."process.pid"' as bigint)
    end as pid,
    coalesce(a."thread.id", a."thread.name") as thread,
    coalesce(a."messaging.message.id", a.task_id, a.job_id) as job_id,
    coalesce(a.task_name, a.job_class) as job_class,
    otlp_id(named.record ->> '$.traceId') as trace_id,
    otlp_id(named.record ->> '$.spanId') as span_id,
    json_merge_patch(
        attributes,
        json_object('otlp.resource', named.resource, 'otlp.scope', named.scope),
        json_object(
            'otlp.record',
            json_merge_patch(
                case when json_type(named.record) = 'OBJECT' then named.record else '{}'::json end,
                '{"timeUnixNano": null, "body": null, "attributes": null, "traceId": null, "spanId": null}'::json
            )
        )
    )::varchar as attributes
from named
order by named.line_no, named.record_no
