-- Jobs that waited past the target, in stretches of time in which that went on, minute after minute.
with queues as (
    -- How far each queue was worked off: its last start, and the latest job put on it that was started.
    select
        scope,
        system,
        queue,
        max(started_at) as last_started_at,
        max(eligible_at) as reached_at
    from attempts
    where queue is not null
    group by scope, system, queue
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
    -- Jobs that still wait their turn on a queue that moves.
    select
        j.job_key,
        j.job_id,
        null,
        j.scope,
        j.system,
        j.job_class,
        j.queue,
        j.eligible_at,
        $as_of
    from jobs as j
    inner join queues as q on j.scope = q.scope and j.system = q.system and j.queue = q.queue
    where
        j.state = 'queued' and j.attempts = 0 and j.eligible_at + $target < $as_of
        and q.last_started_at >= j.eligible_at and coalesce(q.reached_at <= j.eligible_at, true)
),

in_turn as (
    select
        *,
        eligible_at + $target as late_from,
        max(until_at) over (
            partition by scope, system, queue order by eligible_at, until_at, job_key, attempt
            rows between unbounded preceding and 1 preceding
        ) as late_before_until
    from late
),

stretched as (
    select
        *,
        sum(case when late_from <= late_before_until + interval '1 minute' then 0 else 1 end) over (
            partition by scope, system, queue order by eligible_at, until_at, job_key, attempt
            rows between unbounded preceding and current row
        ) as stretch
    from in_turn
),

stretches as (
    select
        scope,
        system,
        queue,
        stretch,
        date_diff('microsecond', min(late_from), max(until_at)) / 6e7 as late_minutes
    from stretched
    group by scope, system, queue, stretch
)

select
    t.job_key,
    t.job_id,
    t.attempt,
    t.scope,
    t.system,
    t.job_class,
    t.queue,
    t.eligible_at as first_at,
    t.until_at as last_at,
    date_diff('microsecond', t.eligible_at, t.until_at) / 1e6 as wait,
    t.stretch,
    s.late_minutes
from stretched as t
inner join stretches as s
    on t.scope = s.scope and t.system = s.system and t.queue = s.queue and t.stretch = s.stretch
where s.late_minutes >= $minutes
order by t.scope, t.system, t.queue, t.eligible_at, t.job_key, t.attempt
