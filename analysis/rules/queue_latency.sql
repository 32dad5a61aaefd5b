-- Jobs that waited past the target, on queues where that went on for several minutes.
with late as (
    select
        job_key,
        job_id,
        attempt,
        scope,
        system,
        job_class,
        queue,
        eligible_at,
        started_at,
        wait
    from attempts
    where wait > date_diff('microsecond', timestamp '2000-01-01', timestamp '2000-01-01' + $target) / 1e6 and queue is not null
    union all
    select
        job_key,
        job_id,
        null,
        scope,
        system,
        job_class,
        queue,
        enqueued_at,
        null,
        date_diff('microsecond', enqueued_at, $as_of) / 1e6
    from jobs
    where
        state = 'queued' and attempts = 0 and queue is not null and enqueued_at < $as_of - $target
        and exists (
            select 1 from attempts as a
            where a.scope = jobs.scope and a.system = jobs.system and a.queue = jobs.queue
        )
),

lateness as (
    select
        scope,
        system,
        queue,
        count(distinct date_trunc('minute', coalesce(started_at, $as_of))) as late_minutes,
        date_diff('minute', min(eligible_at + $target), max(coalesce(started_at, $as_of))) as minutes_late
    from late
    group by scope, system, queue
)

select
    l.job_key,
    l.job_id,
    l.attempt,
    l.job_class,
    l.queue,
    l.eligible_at as first_at,
    coalesce(l.started_at, $as_of) as last_at,
    l.wait,
    m.minutes_late as late_minutes
from late as l
inner join lateness as m on l.scope = m.scope and l.system = m.system and l.queue = m.queue
where m.minutes_late >= $minutes
order by l.queue, l.eligible_at, l.job_key
