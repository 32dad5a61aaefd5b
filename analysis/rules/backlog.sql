-- Jobs that still wait on queues whose oldest job waited too long at each of the last looks, and no less at the last.
with looks as (
    select
        scope,
        system,
        queue,
        minute,
        oldest_wait,
        row_number() over (partition by scope, system, queue order by minute desc) as back
    from queue_minutes
    where oldest_wait is not null or depth is not null or depth_snapshot is not null
),

behind as (
    select
        scope,
        system,
        queue,
        min(oldest_wait) as least,
        max(case when back = 1 then oldest_wait end) as oldest,
        max(case when back = $points then oldest_wait end) as oldest_before
    from looks
    where back <= $points
    group by scope, system, queue
    having count(oldest_wait) = $points and max(minute) >= $as_of - $rate_window
),

habits as (
    -- How often jobs that were begun had waited as long: percentiles would be those of the backlog itself.
    select
        scope,
        system,
        queue,
        avg(case when wait_median > extract(epoch from $slo) then 1.0 else 0.0 end) as late_share
    from queue_minutes
    where wait_median is not null
    group by scope, system, queue
),

rates as (
    select
        scope,
        system,
        queue,
        sum(starts) as starts,
        sum(arrivals) as arrivals
    from queue_minutes
    where minute > $as_of - $rate_window and minute <= $as_of
    group by scope, system, queue
)

select
    j.job_key,
    j.job_id,
    null as attempt,
    j.scope,
    j.system,
    j.job_class,
    j.queue,
    j.eligible_at as first_at,
    $as_of as last_at,
    b.oldest,
    r.starts,
    r.arrivals
from behind as b
inner join rates as r on b.scope = r.scope and b.system = r.system and b.queue = r.queue
left join habits as h on b.scope = h.scope and b.system = h.system and b.queue = h.queue
inner join jobs as j on b.scope = j.scope and b.system = j.system and b.queue = j.queue
where
    b.least > extract(epoch from $slo)
    and coalesce(h.late_share <= $late_habit, true)
    and b.oldest >= b.oldest_before
    and r.starts > 0
    and j.state = 'queued'
    and j.eligible_at <= $as_of
order by j.eligible_at, j.job_key
