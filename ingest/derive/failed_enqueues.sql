-- Pushes that failed, as a line or a span tells, and what came later of the same job, the same work, the same class.
insert into failed_enqueues by name
with entries as (
    -- A timetable's entry is told by its name; when it was sent, the class was told beside it.
    select
        source_id,
        attributes ->> '$.schedule' as entry,
        min(job_class) as job_class
    from told_events
    where job_class is not null and attributes ->> '$.schedule' is not null
    group by source_id, attributes ->> '$.schedule'
),

told as (
    select
        e.scope,
        e.system,
        k.job_key,
        e.job_id,
        coalesce(e.job_class, n.job_class, e.attributes ->> '$.schedule') as job_class,
        e.queue,
        e.arguments_digest,
        e.error_class,
        e.error_message,
        e.occurred_at as failed_at,
        e.source_id,
        e.line_no,
        e.record_no
    from told_events as e
    left join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    left join entries as n on e.source_id = n.source_id and e.attributes ->> '$.schedule' = n.entry
    where e.event = 'enqueue_failed'
    union all
    select
        p.scope,
        coalesce(p.system, 'otel'),
        k.job_key,
        p.job_id,
        p.job_class,
        p.queue,
        null,
        p.error_class,
        coalesce(p.error_message, p.status_message),
        coalesce(p.ended_at, p.started_at),
        p.source_id,
        p.line_no,
        p.record_no
    from spans as p
    left join job_keys as k on p.scope = k.scope and coalesce(p.system, 'otel') = k.seen_system and p.job_id = k.id
    where p.operation = 'enqueue' and p.status = 'error'
),

comings as (
    select
        job_key,
        scope,
        job_class,
        arguments_digest,
        coalesce(enqueued_at, first_started_at, eligible_at) as came_at
    from jobs
    where coalesce(enqueued_at, first_started_at, eligible_at) is not null
),

ends as (
    select
        source_id,
        max(seen_at) as told_until
    from (
        select
            source_id,
            occurred_at as seen_at
        from job_events
        union all
        select
            source_id,
            occurred_at
        from log_lines
        union all
        select
            source_id,
            coalesce(ended_at, started_at)
        from spans
    )
    group by source_id
)

select
    t.*,
    own.came_at as same_id_at,
    min(c.came_at) filter (c.arguments_digest = t.arguments_digest) as same_work_at,
    min(c.came_at) as same_class_at,
    any_value(n.told_until) as told_until
from told as t
left join comings as own on t.job_key = own.job_key
left join comings as c
    on
        t.scope = c.scope and t.job_class = c.job_class and t.failed_at <= c.came_at
        and (t.job_key is null or t.job_key <> c.job_key)
left join ends as n on t.source_id = n.source_id
group by all
order by t.failed_at, t.source_id, t.line_no, t.record_no;
