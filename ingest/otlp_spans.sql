-- One row per span of the batch, with its resource and scope, told in the words of every instrumentation we know.
create or replace temp table sent_spans as
with
holders as (
    select
        line_no,
        request_no,
        unnest(sent.resourceSpans) as holder,
        generate_subscripts(sent.resourceSpans, 1) as resource_no
    from requests
),

scopes as (
    select
        line_no,
        request_no,
        resource_no,
        unnest(holder.scopeSpans) as scope,
        generate_subscripts(holder.scopeSpans, 1) as scope_no
    from holders
),

-- Beside an unnest an expression is worked out for each row that comes of it: what the scope tells comes before.
span_lists as (
    select
        * exclude (scope),
        otlp_scope(scope.scope, scope.schemaUrl) ->> '$.name' as instrumentation,
        otlp_scope(scope.scope, scope.schemaUrl)::varchar as scope,
        scope.spans as spans
    from scopes
),

sent as (
    select
        * exclude (spans),
        unnest(spans) as span,
        generate_subscripts(spans, 1) as span_no
    from span_lists
),

told as (
    select
        *,
        json_transform(
            try_cast(span as json),
            '{
                "traceId": "VARCHAR", "spanId": "VARCHAR", "parentSpanId": "VARCHAR", "name": "VARCHAR",
                "kind": "VARCHAR", "startTimeUnixNano": "VARCHAR", "endTimeUnixNano": "VARCHAR",
                "status": {"code": "VARCHAR", "message": "VARCHAR"}, "events": "VARCHAR", "links": "VARCHAR",
                "attributes": ' || otlp_pairs() || '
            }'
        ) as s
    from sent
),

flat as (
    select
        *,
        otlp_object(s.attributes) as attributes,
        otlp_id(s.traceId) as trace_id,
        otlp_id(s.spanId) as span_id,
        otlp_id(s.parentSpanId) as parent_span_id,
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
        case
            when starts_with(s.events, '[{')
                then
                    json_transform(
                        s.events,
                        '[{
                            "name": "VARCHAR", "timeUnixNano": "VARCHAR",
                            "attributes": [{"key": "VARCHAR", "value": {"stringValue": "VARCHAR"}}]
                        }]'
                    )
        end as happened
    from told
),

named as (
    select
        *,
        contains(attributes, otlp_unread()) as is_unread,
        json_transform(
            replace(attributes, otlp_unread(), 'null'),
            '{
                "messaging.system": "VARCHAR", "messaging.operation.type": "VARCHAR",
                "messaging.operation.name": "VARCHAR", "messaging.operation": "VARCHAR",
                "messaging.destination.name": "VARCHAR", "messaging.destination": "VARCHAR",
                "messaging.message.id": "VARCHAR", "messaging.message_id": "VARCHAR",
                "messaging.active_job.message.provider_job_id": "VARCHAR",
                "messaging.sidekiq.job_class": "VARCHAR", "messaging.resque.job_class": "VARCHAR",
                "messaging.que.job_class": "VARCHAR", "messaging.que.attempts": "VARCHAR",
                "messaging.delayed_job.name": "VARCHAR", "messaging.delayed_job.attempts": "VARCHAR",
                "messaging.delayed_job.locked_by": "VARCHAR", "messaging.client.id": "VARCHAR",
                "messaging.consumer.group.name": "VARCHAR", "code.namespace": "VARCHAR",
                "celery.action": "VARCHAR", "celery.state": "VARCHAR", "celery.task_name": "VARCHAR",
                "celery.retries": "VARCHAR", "celery.retry.reason": "VARCHAR", "bullmq.queue.name": "VARCHAR",
                "bullmq.queue.operation": "VARCHAR", "bullmq.job.id": "VARCHAR", "bullmq.job.name": "VARCHAR",
                "bullmq.job.attempts.made": "VARCHAR", "bullmq.worker.name": "VARCHAR", "rq.job.id": "VARCHAR",
                "rq.job.function": "VARCHAR", "jobrunner.job.class": "VARCHAR",
                "jobrunner.job.provider_id": "VARCHAR", "jobrunner.job.attempt": "VARCHAR",
                "jobrunner.job.wait": "VARCHAR", "jobrunner.job.outcome": "VARCHAR", "jobrunner.worker": "VARCHAR",
                "error.type": "VARCHAR", "thread.id": "VARCHAR", "thread.name": "VARCHAR", "host.name": "VARCHAR",
                "process.pid": "VARCHAR", "exception.type": "VARCHAR", "exception.message": "VARCHAR",
                "exception.stacktrace": "VARCHAR"
            }'
        ) as a,
        list_transform(happened, lambda event: event.name) as event_names,
        -- the last exception is the one that left the span
        list_filter(happened, lambda event: event.name = 'exception')[-1].attributes as exception,
        list_filter(happened, lambda event: event.name = 'job failed')[-1].attributes as job_failed,
        -- when a job was put on its queue, or the later moment at which it was due
        otlp_nanos(
            coalesce(
                list_filter(happened, lambda event: event.name = 'run_at')[-1].timeUnixNano,
                list_filter(happened, lambda event: event.name = 'enqueued_at')[-1].timeUnixNano
            )
        ) as due_unix_nano
    from flat
),

about as (
    select
        *,
        list_filter(exception, lambda pair: pair.key = 'exception.type')[1].value.stringValue as exception_type,
        list_filter(exception, lambda pair: pair.key = 'exception.message')[1].value.stringValue as exception_message,
        list_filter(exception, lambda pair: pair.key = 'exception.stacktrace')[1].value.stringValue as exception_stacktrace,
        list_filter(job_failed, lambda pair: pair.key = 'bullmq.job.failed.reason')[1].value.stringValue as failed_reason,
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
                a."messaging.operation.type",
                a."messaging.operation",
                a."messaging.operation.name",
                a."celery.action",
                a."bullmq.queue.operation"
            )
        ) as deed
    from named
),

-- list_contains, where a long IN would become a join that takes longer to plan than to run.
judged as (
    select
        *,
        case
            -- a message of a broker is no job unless something names its class
            when job_class is null and job_id is null then null
            when
                job_class is null
                and list_contains(
                    [
                        'activemq', 'aws.sns', 'aws_sqs', 'eventgrid', 'eventhubs', 'gcp_pubsub', 'jms', 'kafka',
                        'pulsar', 'rabbitmq', 'rocketmq', 'servicebus'
                    ], system
                )
                then null
            when list_contains(['create', 'send', 'publish', 'apply_async', 'enqueue', 'add'], deed) then 'enqueue'
            when list_contains(['process', 'run', 'perform'], deed) then 'run'
            when list_contains(['receive', 'settle', 'ack', 'nack'], deed) then 'other'
            when kind = 'producer' then 'enqueue'
            when kind = 'consumer' then 'run'
            else 'other'
        end as operation
    from about
),

ended as (
    select
        *,
        case
            when coalesce(operation <> 'run', true) then null
            when a."jobrunner.job.outcome" is not null then a."jobrunner.job.outcome"
            when a."celery.state" = 'SUCCESS' then 'succeeded'
            when a."celery.state" = 'FAILURE' then 'failed'
            when a."celery.state" = 'RETRY' then 'retried'
            when status = 'error' or list_contains(event_names, 'job failed') then 'failed'
            when list_contains(event_names, 'job completed') then 'succeeded'
            when ended_unix_nano is null then null
            when status = 'ok' then 'succeeded'
            -- these mark every failed run, so an unmarked one succeeded
            when list_contains(['sidekiq', 'resque', 'delayed_job', 'que'], system) then 'succeeded'
        end as outcome,
        (s.kind is null or kind <> 'unspecified' or s.kind in ('0', 'SPAN_KIND_UNSPECIFIED'))
        and (s.status.code is null or status <> 'unset' or s.status.code in ('0', 'STATUS_CODE_UNSET'))
        and (s.startTimeUnixNano is null or started_unix_nano is not null or s.startTimeUnixNano = '0')
        and (s.endTimeUnixNano is null or ended_unix_nano is not null or s.endTimeUnixNano = '0')
        and (s.parentSpanId is null or parent_span_id is not null or regexp_full_match(s.parentSpanId, '[0A=]*'))
        and s.attributes is not null as is_read
    from judged
)

select
    line_no,
    request_no,
    resource_no,
    scope_no,
    span_no as item_no,
    case
        when s is null or not starts_with(span, '{') then 'is no object'
        when trace_id is null then 'has no traceId in hex'
        when span_id is null then 'has no spanId in hex'
    end as reason,
    trace_id,
    span_id,
    parent_span_id,
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
    coalesce(a."host.name", case when system = 'rq' then a."messaging.client.id" end) as host,
    a."process.pid" as pid,
    coalesce(a."thread.id", a."thread.name") as thread,
    coalesce(
        a."jobrunner.worker",
        a."messaging.delayed_job.locked_by",
        a."bullmq.worker.name",
        -- which RQ's instrumentation takes for the worker's name
        case when system = 'rq' then a."messaging.consumer.group.name" end
    ) as worker,
    job_id,
    coalesce(a."jobrunner.job.provider_id", a."messaging.active_job.message.provider_job_id") as provider_job_id,
    job_class,
    queue,
    -- Celery's, Delayed Job's and Que's count earlier failures (Celery's is left out at 0), BullMQ's this run, too
    case
        when a."jobrunner.job.attempt" is not null then otlp_integer(a."jobrunner.job.attempt")
        when coalesce(operation <> 'run', true) then null
        when system = 'celery' then otlp_integer(coalesce(a."celery.retries", '0')) + 1
        when system = 'delayed_job' then otlp_integer(a."messaging.delayed_job.attempts") + 1
        when system = 'que' then otlp_integer(a."messaging.que.attempts") + 1
        when system = 'bullmq' and outcome is not null then otlp_integer(a."bullmq.job.attempts.made")
    end as attempt,
    case
        when try_cast(a."jobrunner.job.wait" as double) between -3e9 and 3e9
            then try_cast(a."jobrunner.job.wait" as double)
        when operation = 'run' and started_unix_nano >= due_unix_nano then (started_unix_nano - due_unix_nano) / 1e9
    end as wait,
    outcome,
    coalesce(
        exception_type,
        a."exception.type",
        a."error.type",
        nullif(regexp_extract(a."celery.retry.reason", '^Retry in [^:]*: ([A-Za-z_][\w.]*)\(', 1), '')
    ) as error_class,
    -- Celery tells of a retry the exception as Python writes it: its words alone are those of the same error elsewhere
    coalesce(
        exception_message,
        a."exception.message",
        failed_reason,
        nullif(regexp_extract(a."celery.retry.reason", '^Retry in [^:]*: [A-Za-z_][\w.]*\(''([^''\\]+)''\)$', 1), ''),
        a."celery.retry.reason"
    ) as error_message,
    coalesce(exception_stacktrace, a."exception.stacktrace") as backtrace,
    instrumentation,
    attributes,
    case when is_unread then (span -> '$.attributes')::varchar end as attributes_unread,
    nullif(s.events, '[]') as events,
    nullif(s.links, '[]') as links,
    -- what has no column of its own, and what could not be read as what it should be
    case
        when
            is_read
            and len(json_keys(span))
            = (s.traceId is not null)::utinyint + (s.spanId is not null)::utinyint
            + (s.parentSpanId is not null)::utinyint + (s.name is not null)::utinyint + (s.kind is not null)::utinyint
            + (s.startTimeUnixNano is not null)::utinyint + (s.endTimeUnixNano is not null)::utinyint
            + (s.status is not null)::utinyint + (s.events is not null)::utinyint + (s.links is not null)::utinyint
            + (s.attributes is not null)::utinyint
            then '{}'
        else json_merge_patch(
            case when s is not null then span else '{}' end::json,
            case
                when is_read
                    then
                        '{
                            "traceId": null, "spanId": null, "parentSpanId": null, "name": null, "kind": null,
                            "startTimeUnixNano": null, "endTimeUnixNano": null, "status": null, "attributes": null,
                            "events": null, "links": null
                        }'::json
                when s.attributes is not null then '{"attributes": null, "events": null, "links": null}'::json
                else '{"events": null, "links": null}'::json
            end
        )
    end::varchar as beside,
    nullif(scope, '{"name":' || to_json(instrumentation)::varchar || '}') as scope
from ended
