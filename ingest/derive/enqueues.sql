-- When each job was put on a queue, as any input tells: its own line or span, a later line that repeats it, a snapshot.
-- A return is a retry or a push-back: the job was on a queue before. The run that it led to had begun when a worker
-- first told of it, if one did.
create or replace temp table enqueues as
with broken_off as (
    -- What a log says after it has told of a run that did not succeed is about the next run. After a start or a success
    -- it may still be about this one: the enqueuer's line can come late.
    select
        k.job_key,
        e.source_id,
        min(e.line_no) as told_on
    from told_events as e
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    where e.event in ('failed', 'interrupted') and e.occurred_at is not null
    group by k.job_key, e.source_id
),

told as (
    select
        k.job_key,
        e.occurred_at as enqueued_at,
        e.run_at,
        e.event = 'enqueued' as told_directly,
        e.event in ('retry_scheduled', 'requeued') or coalesce(b.told_on < e.line_no, false) as is_return,
        null::timestamp as run_told_at
    from told_events as e
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    left join broken_off as b on k.job_key = b.job_key and e.source_id = b.source_id
    where e.event in ('enqueued', 'scheduled', 'retry_scheduled', 'requeued')
    union all
    select
        k.job_key,
        e.enqueued_at,
        null,
        false,
        false,
        case when e.event in ('started', 'succeeded', 'failed', 'error_reported', 'interrupted') then e.occurred_at end
    from told_events as e
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    where e.enqueued_at is not null and e.event not in ('enqueued', 'scheduled')
    union all
    select
        k.job_key,
        j.enqueued_at,
        null,
        false,
        false,
        null
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    inner join job_keys as k on s.scope = k.scope and s.system = k.seen_system and j.job_id = k.id
    where j.enqueued_at is not null
    union all
    select
        k.job_key,
        coalesce(p.ended_at, p.started_at),
        null,
        true,
        false,
        null
    from spans as p
    inner join job_keys as k on p.scope = k.scope and coalesce(p.system, 'otel') = k.seen_system and p.job_id = k.id
    where p.operation = 'enqueue' and p.status <> 'error'
),

exact as (
    -- A line that repeats the time in whole seconds means the enqueue that is told exactly within that second.
    select * from told
    where
        told_directly
        or enqueued_at <> date_trunc('second', enqueued_at)
        or not exists (
            select 1 from told as t
            where
                t.job_key = told.job_key and t.enqueued_at > told.enqueued_at
                and t.enqueued_at < told.enqueued_at + interval 1 second
        )
)

select
    job_key,
    enqueued_at,
    max(greatest(enqueued_at, run_at)) as eligible_at,
    bool_or(told_directly) as told_directly,
    bool_and(is_return) as is_return,
    min(run_told_at) as run_told_at
from exact
where enqueued_at is not null
group by job_key, enqueued_at
order by job_key, enqueued_at;
