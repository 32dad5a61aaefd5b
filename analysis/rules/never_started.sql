-- Jobs still waiting, past the usual wait of their class, on queues that stand still or passed them by and that
-- workers read, as far as any input tells who reads what.
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

pauses as (
    select
        scope,
        system,
        queue,
        arg_max(paused, minute) as paused
    from queue_minutes
    where paused is not null
    group by scope, system, queue
),

signs as (
    select
        scope,
        system,
        max(last_seen_at) as seen_at
    from workers
    group by scope, system
),

read_queues as (
    select distinct
        scope,
        system,
        unnest(queues) as queue
    from workers
    where queues is not null
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
    j.state_basis,
    coalesce(p.paused, false) as paused,
    coalesce(s.seen_at >= j.eligible_at + $min_age, false) as watched,
    date_diff('microsecond', j.eligible_at, $as_of) / 1e6 as age,
    b.wait_p99
from jobs as j
left join queues as q on j.scope = q.scope and j.system = q.system and j.queue = q.queue
left join pauses as p on j.scope = p.scope and j.system = p.system and j.queue = p.queue
left join signs as s on j.scope = s.scope and j.system = s.system
left join class_baselines as b
    on
        j.scope = b.scope and j.system = b.system and j.job_class = b.job_class
        and j.queue = b.queue and b.waits >= $min_waits
where
    j.state = 'queued'
    and j.attempts = 0
    and j.eligible_at <= $as_of - $min_age
    and (b.wait_p99 is null or date_diff('microsecond', j.eligible_at, $as_of) / 1e6 > $times_p99 * b.wait_p99)
    and (q.last_started_at is null or q.last_started_at < j.eligible_at or q.reached_at > j.eligible_at)
    and (
        q.queue is not null
        -- Where no worker says what it reads, nothing speaks against it either.
        or not exists (
            select 1 from read_queues as r
            where r.scope = j.scope and r.system = j.system
        )
        or exists (
            -- A worker may read queues by the beginning of their names: mail*, or * for all.
            select 1 from read_queues as r
            where
                r.scope = j.scope and r.system = j.system
                and (r.queue = j.queue or (r.queue like '%*' and starts_with(j.queue, replace(r.queue, '*', ''))))
        )
    )
order by j.eligible_at, j.job_key
