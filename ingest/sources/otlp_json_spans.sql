-- One row per span of the batch, with its resource and scope, told in the words of every instrumentation we know.
with
resources as (
    select
        line_no,
        unnest(json_extract(request, '$.resourceSpans[*]')) as holder,
        generate_subscripts(json_extract(request, '$.resourceSpans[*]'), 1) as resource_no
    from requests
),

-- instrumentationLibrarySpans is what scopeSpans was called before OTLP 0.19.
scope_lists as (
    select
        line_no,
        resource_no,
        otlp_object(holder -> '$.resource.attributes') as resource,
        list_concat(
            coalesce(json_extract(holder, '$.scopeSpans[*]'), []),
            coalesce(json_extract(holder, '$.instrumentationLibrarySpans[*]'), [])
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

-- Beside an unnest an expression is worked out for each row that comes of it: here, the whole scope once per span.
span_lists as (
    select
        line_no,
        resource_no,
        resource,
        scope_no,
        coalesce(holder -> '$.scope', holder -> '$.instrumentationLibrary') as scope,
        json_extract(holder, '$.spans[*]') as spans
    from scopes
),

sent as (
    select
        line_no,
        resource_no,
        resource,
        scope_no,
        scope,
        unnest(spans) as span,
        generate_subscripts(spans, 1) as span_no
    from span_lists
),

told as (
    select
        line_no,
        (row_number() over (partition by line_no order by resource_no, scope_no, span_no) - 1)::integer as record_no,
        span,
        scope,
        resource,
        otlp_object(span -> '$.attributes') as attributes,
        json_transform(
            span,
            '{
                "traceId": "VARCHAR", "spanId": "VARCHAR", "parentSpanId": "VARCHAR", "name": "VARCHAR",
                "kind": "VARCHAR", "startTimeUnixNano": "VARCHAR", "endTimeUnixNano": "VARCHAR",
                "status": {"code": "VARCHAR", "message": "VARCHAR"}, "events": "JSON", "links": "JSON"
            }'
        ) as s,
        json_transform(
            resource,
            '{
                "service.name": "VARCHAR", "service.version": "VARCHAR", "service.instance.id": "VARCHAR",
                "deployment.environment.name": "VARCHAR", "deployment.environment": "VARCHAR",
                "host.name": "VARCHAR", "process.pid": "VARCHAR"
            }'
        ) as r
    from sent
),

named as (
    select
        *,
        scope ->> '$.name' as instrumentation,
        otlp_id(s.traceId) as trace_id,
        otlp_id(s.spanId) as span_id,
        otlp_nanos(s.startTimeUnixNano) as started_unix_nano,
        otlp_nanos(s.endTimeUnixNano) as ended_unix_nano,
        case
            when s.kind in ('1', 'SPAN_KIND_INTERNAL') then 'internal'
            when s.kind in ('2', 'SPAN_KIND_SERVER') then 'server'
            when s.kind in ('3', 'SPAN_KIND_CLIENT') then 'client'
            when s.kind in ('4', 'SPAN_KIND_PRODUCER') then 'producer'
            when s.kind in ('5', 'SPAN_KIND_CONSUMER') then 'consumer'
            else 'unspecified'
        end as kind,
        case
            when s.status.code in ('1', 'STATUS_CODE_OK') then 'ok'
            when s.status.code in ('2', 'STATUS_CODE_ERROR') then 'error'
            else 'unset'
        end as status,
        json_transform(
            attributes,
            '{
                "messaging.system": "VARCHAR", "messaging.operation.type": "VARCHAR",
                "messaging.operation.name": "VARCHAR", "messaging.operation": "VARCHAR",
                "messaging.destination.name": "VARCHAR", "messaging.destination": "VARCHAR",
                "messaging.message.id": "VARCHAR", "messaging.message_id": "VARCHAR",
                "messaging.active_job.message.provider_job_id": "VARCHAR",
                "messaging.sidekiq.job_class": "VARCHAR", "messaging.resque.job_class": "VARCHAR",
                "messaging.que.job_class": "VARCHAR", "messaging.que.attempts": "VARCHAR",
                "messaging.delayed_job.name": "VARCHAR", "messaging.delayed_job.attempts": "VARCHAR",
                "messaging.delayed_job.locked_by": "VARCHAR", "code.namespace": "VARCHAR",
                "celery.action": "VARCHAR", "celery.state": "VARCHAR", "celery.task_name": "VARCHAR",
                "celery.retries": "VARCHAR", "bullmq.queue.name": "VARCHAR", "bullmq.job.id": "VARCHAR",
                "bullmq.job.name": "VARCHAR", "bullmq.worker.name": "VARCHAR",
                "bullmq.job.failed.reason": "VARCHAR", "rq.job.id": "VARCHAR", "rq.job.function": "VARCHAR",
                "jobrunner.job.class": "VARCHAR", "jobrunner.job.provider_id": "VARCHAR",
                "jobrunner.job.attempt": "VARCHAR", "jobrunner.job.wait": "VARCHAR",
                "jobrunner.job.outcome": "VARCHAR", "jobrunner.worker": "VARCHAR", "error.type": "VARCHAR",
                "thread.id": "VARCHAR", "thread.name": "VARCHAR", "host.name": "VARCHAR", "process.pid": "VARCHAR",
                "exception.type": "VARCHAR", "exception.message": "VARCHAR", "exception.stacktrace": "VARCHAR"
            }'
        ) as a,
        -- the last exception is the one that left the span
        list_filter(
            coalesce(json_extract(s.events, '$[*]'), []), lambda happened: happened ->> '$.name' = 'exception'
        )[-1] as exception,
        list_transform(
            coalesce(json_extract(s.events, '$[*]'), []), lambda happened: happened ->> '$.name'
        ) as happened
    from told
),

about as (
    select
        *,
        json_transform(
            otlp_object(exception -> '$.attributes'),
            '{"exception.type": "VARCHAR", "exception.message": "VARCHAR", "exception.stacktrace": "VARCHAR"}'
        ) as e,
        case
            when instrumentation ilike '%celery%' or a."celery.task_name" is not null then 'celery'
            when a."bullmq.queue.name" is not null or a."bullmq.job.id" is not null then 'bullmq'
            when a."rq.job.id" is not null then 'rq'
            when a."messaging.system" is not null then a."messaging.system"
            when instrumentation ilike '%::sidekiq' then 'sidekiq'
            when instrumentation ilike '%::activejob' then 'active_job'
            when instrumentation ilike '%::resque' then 'resque'
            when instrumentation ilike '%::delayedjob' then 'delayed_job'
            when instrumentation ilike '%::que' then 'que'
        end as system,
        coalesce(a."messaging.destination.name", a."messaging.destination", a."bullmq.queue.name") as queue,
        -- BullMQ's ids are unique within a queue only
        coalesce(
            a."messaging.message.id",
            a."messaging.message_id",
            a."rq.job.id",
            coalesce(a."bullmq.queue.name" || ':', '') || a."bullmq.job.id"
        ) as job_id,
        coalesce(
            a."jobrunner.job.class",
            a."celery.task_name",
            a."messaging.sidekiq.job_class",
            a."messaging.resque.job_class",
            a."messaging.que.job_class",
            a."messaging.delayed_job.name",
            a."bullmq.job.name",
            a."rq.job.function",
            case when a."messaging.system" = 'active_job' then a."code.namespace" end
        ) as job_class,
        lower(
            coalesce(
                a."messaging.operation.type", a."messaging.operation", a."messaging.operation.name", a."celery.action"
            )
        ) as deed
    from named
),

judged as (
    select
        *,
        case
            -- a message of a broker is no job unless something names its class
            when
                job_class is null
                and (
                    job_id is null
                    or system in (
                        'activemq', 'aws.sns', 'aws_sqs', 'eventgrid', 'eventhubs', 'gcp_pubsub', 'jms', 'kafka',
                        'pulsar', 'rabbitmq', 'rocketmq', 'servicebus'
                    )
                )
                then null
            when deed in ('create', 'send', 'publish', 'apply_async', 'enqueue') then 'enqueue'
            when deed in ('process', 'run', 'perform') then 'run'
            when deed in ('receive', 'settle', 'ack', 'nack') then 'other'
            when kind = 'producer' then 'enqueue'
            when kind = 'consumer' then 'run'
            else 'other'
        end as operation
    from about
),

first_sent as (
    select
        *,
        row_number() over (partition by trace_id, span_id order by line_no, record_no) as sent_before
    from judged
)

select
    line_no,
    record_no,
    case
        when json_type(span) <> 'OBJECT' then 'is no object'
        when trace_id is null then 'has no traceId in hex'
        when span_id is null then 'has no spanId in hex'
    end as reason,
    trace_id,
    span_id,
    otlp_id(s.parentSpanId) as parent_span_id,
    s.name as name,
    kind,
    operation,
    make_timestamp(started_unix_nano // 1000) as started_at,
    make_timestamp(ended_unix_nano // 1000) as ended_at,
    started_unix_nano,
    ended_unix_nano,
    status,
    nullif(s.status.message, '') as status_message,
    system,
    r."service.name" as service,
    coalesce(r."deployment.environment.name", r."deployment.environment") as environment,
    r."service.version" as version,
    coalesce(r."host.name", a."host.name") as host,
    case
        when regexp_full_match(coalesce(r."process.pid", a."process.pid"), '\d+')
            then try_cast(coalesce(r."process.pid", a."process.pid") as bigint)
    end as pid,
    coalesce(a."thread.id", a."thread.name") as thread,
    coalesce(
        a."jobrunner.worker", a."messaging.delayed_job.locked_by", a."bullmq.worker.name", r."service.instance.id"
    ) as worker,
    job_id,
    coalesce(a."jobrunner.job.provider_id", a."messaging.active_job.message.provider_job_id") as provider_job_id,
    job_class,
    queue,
    -- these count earlier failures; Celery leaves its count out at 0
    case
        when a."jobrunner.job.attempt" is not null then otlp_integer(a."jobrunner.job.attempt")
        when coalesce(operation <> 'run', true) then null
        when system = 'celery' then otlp_integer(coalesce(a."celery.retries", '0')) + 1
        when system = 'delayed_job' then otlp_integer(a."messaging.delayed_job.attempts") + 1
        when system = 'que' then otlp_integer(a."messaging.que.attempts") + 1
    end as attempt,
    case
        when try_cast(a."jobrunner.job.wait" as double) between -3e9 and 3e9
            then try_cast(a."jobrunner.job.wait" as double)
    end as wait,
    case
        when coalesce(operation <> 'run', true) then null
        when a."jobrunner.job.outcome" is not null then a."jobrunner.job.outcome"
        when a."celery.state" = 'SUCCESS' then 'succeeded'
        when a."celery.state" = 'FAILURE' then 'failed'
        when a."celery.state" = 'RETRY' then 'retried'
        when status = 'error' or list_contains(happened, 'job failed') then 'failed'
        when list_contains(happened, 'job completed') then 'succeeded'
        when ended_unix_nano is null then null
        when status = 'ok' then 'succeeded'
        -- these mark every failed run, so an unmarked one succeeded
        when system in ('sidekiq', 'resque', 'delayed_job', 'que') then 'succeeded'
    end as outcome,
    coalesce(e."exception.type", a."exception.type", a."error.type") as error_class,
    coalesce(e."exception.message", a."exception.message", a."bullmq.job.failed.reason") as error_message,
    coalesce(e."exception.stacktrace", a."exception.stacktrace") as backtrace,
    instrumentation,
    attributes::varchar as attributes,
    resource::varchar as resource,
    s.events::varchar as events,
    s.links::varchar as links,
    nullif(
        json_merge_patch(
            case when json_type(span) = 'OBJECT' then span else '{}'::json end,
            '{
                "traceId": null, "spanId": null, "parentSpanId": null, "name": null, "kind": null,
                "startTimeUnixNano": null, "endTimeUnixNano": null, "status": null, "attributes": null,
                "events": null, "links": null
            }'::json,
            case
                when json_merge_patch(scope, '{"name": null}'::json)::varchar <> '{}' then json_object('scope', scope)
                else '{}'::json
            end
        )::varchar,
        '{}'
    ) as extra
from first_sent
where sent_before = 1 or trace_id is null or span_id is null
order by line_no, record_no
