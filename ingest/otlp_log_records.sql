-- One row per log record of the batch, with its resource and the logger that wrote it.
create or replace temp table sent_log_records as
with
holders as (
    select
        line_no,
        request_no,
        unnest(sent.resourceLogs) as holder,
        generate_subscripts(sent.resourceLogs, 1) as resource_no
    from requests
),

scopes as (
    select
        line_no,
        request_no,
        resource_no,
        unnest(holder.scopeLogs) as scope,
        generate_subscripts(holder.scopeLogs, 1) as scope_no
    from holders
),

-- Beside an unnest an expression is worked out for each row that comes of it: what the scope tells comes before.
record_lists as (
    select
        * exclude (scope),
        otlp_scope(scope.scope, scope.schemaUrl) ->> '$.name' as logger,
        otlp_scope(scope.scope, scope.schemaUrl)::varchar as scope,
        scope.logRecords as records
    from scopes
),

sent as (
    select
        * exclude (records),
        unnest(records) as record,
        generate_subscripts(records, 1) as log_no
    from record_lists
),

told as (
    select
        *,
        try(json_transform(
            record,
            '{
                "timeUnixNano": "VARCHAR", "observedTimeUnixNano": "VARCHAR", "severityNumber": "VARCHAR",
                "severityText": "VARCHAR", "traceId": "VARCHAR", "spanId": "VARCHAR",
                "attributes": ' || otlp_pairs() || ',
                "body": {
                    "stringValue": "VARCHAR", "intValue": "VARCHAR", "boolValue": "VARCHAR", "doubleValue": "VARCHAR",
                    "arrayValue": "VARCHAR", "kvlistValue": "VARCHAR"
                }
            }'
        )) as s
    from sent
),

flat as (
    select
        *,
        otlp_object(s.attributes) as attributes,
        case when s.body is not null and s.body.stringValue is null then otlp_value(s.body) end as body,
        coalesce(otlp_nanos(s.timeUnixNano), otlp_nanos(s.observedTimeUnixNano)) as unix_nano,
        otlp_integer(s.severityNumber) as severity
    from told
),

named as (
    select
        *,
        contains(attributes, otlp_unread()) as is_unread,
        json_transform(
            replace(attributes, otlp_unread(), 'null'),
            '{
                "messaging.message.id": "VARCHAR", "messaging.message_id": "VARCHAR", "task_id": "VARCHAR",
                "task_name": "VARCHAR", "job_id": "VARCHAR", "job_class": "VARCHAR", "thread.id": "VARCHAR",
                "thread.name": "VARCHAR"
            }'
        ) as a
    from flat
)

select
    line_no,
    request_no,
    resource_no,
    scope_no,
    log_no as item_no,
    case when s is null or not starts_with(record, '{') then 'is no object' end as reason,
    make_timestamp(unix_nano // 1000) as occurred_at,
    case
        when severity between 1 and 8 then 'debug'
        when severity between 9 and 12 then 'info'
        when severity between 13 and 16 then 'warn'
        when severity between 17 and 20 then 'error'
        when severity between 21 and 24 then 'fatal'
        else nullif(lower(s.severityText), '')
    end as level,
    coalesce(s.body.stringValue, body, case when s.body is null and starts_with(record, '{') then record ->> '$.body' end, '') as message,
    case when contains(body, otlp_unread()) then (record -> '$.body')::varchar end as body_unread,
    case when logger = 'celery' or starts_with(logger, 'celery.') then 'celery' end as system,
    coalesce(a."thread.id", a."thread.name") as thread,
    coalesce(a."messaging.message.id", a."messaging.message_id", a.task_id, a.job_id) as job_id,
    coalesce(a.task_name, a.job_class) as job_class,
    otlp_id(s.traceId) as trace_id,
    otlp_id(s.spanId) as span_id,
    attributes,
    case when is_unread then (record -> '$.attributes')::varchar end as attributes_unread,
    nullif(scope, '{}') as scope,
    json_merge_patch(
        case when s is not null then record else '{}' end::json,
        case when s.timeUnixNano is null or unix_nano is not null or s.timeUnixNano = '0' then '{"timeUnixNano": null}' else '{}' end::json,
        case when s.attributes is null then '{}' else '{"attributes": null}' end::json,
        '{"body": null, "traceId": null, "spanId": null}'::json
    )::varchar as beside
from named
