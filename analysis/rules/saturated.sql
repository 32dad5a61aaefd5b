-- Jobs that waited past the target while the workers that take them were busy nearly all the time, minute after minute.
with busy_minutes as (
    select
        *,
        lag(minute) over (partition by scope, system, pool order by minute) as busy_before
    from pool_minutes
    where is_known and busy > $busy_share * capacity
),

stretched as (
    select
        *,
        sum(case when busy_before = minute - interval '1 minute' then 0 else 1 end) over (
            partition by scope, system, pool order by minute rows between unbounded preceding and current row
        ) as stretch,
        lead(minute) over (partition by scope, system, pool order by minute) as busy_next
    from busy_minutes
),

stretches as (
    -- What these minutes were asked to do: what they did, and what still waits at their end.
    select
        scope,
        system,
        pool,
        stretch,
        min(minute) as from_at,
        max(minute) + interval '1 minute' as to_at,
        count(*) * 60.0 as lasts,
        sum(busy) as busy,
        sum(capacity) as capacity,
        max(capacity) / 60 as slots,
        sum(case when busy_next = minute + interval '1 minute' then 0 else waiting end) as waiting
    from stretched
    group by scope, system, pool, stretch
    having count(*) >= $minutes
),

late as (
    select
        job_key,
        job_id,
        attempt,
        scope,
        system,
        job_class,
        queue,
        eligible_at,
        started_at as until_at
    from attempts
    where queue is not null and eligible_at + $target < started_at
    union all
    select
        job_key,
        job_id,
        null,
        scope,
        system,
        job_class,
        queue,
        eligible_at,
        $as_of
    from jobs
    where state = 'queued' and attempts = 0 and queue is not null and eligible_at + $target < $as_of
),

guessed as (
    select
        scope,
        system,
        pool
    from workers
    where pool is not null
    group by scope, system, pool
    having count(queues) = 0
)

select
    l.job_key,
    l.job_id,
    l.attempt,
    l.scope,
    l.system,
    s.pool,
    l.job_class,
    l.queue,
    l.eligible_at as first_at,
    l.until_at as last_at,
    date_diff('microsecond', l.eligible_at, l.until_at) / 1e6 as wait,
    s.stretch,
    s.lasts,
    s.to_at,
    s.busy,
    s.capacity,
    s.slots,
    (s.busy + s.waiting) / s.lasts / nullif($aim_share, 0) as slots_needed,
    g.pool is not null as is_guessed
from stretches as s
inner join pool_queues as q on s.scope = q.scope and s.system = q.system and s.pool = q.pool
inner join late as l
    on
        q.scope = l.scope and q.system = l.system and q.queue = l.queue
        and s.from_at < l.until_at and s.to_at > l.eligible_at + $target
left join guessed as g on s.scope = g.scope and s.system = g.system and s.pool = g.pool
order by s.scope, s.system, s.pool, s.stretch, l.eligible_at, l.job_key, l.attempt
