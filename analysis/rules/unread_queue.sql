-- Jobs waiting on a queue that no worker process reads and that nothing was ever started from.
with read_queues as (
    select distinct
        scope,
        system,
        unnest(queues) as queue
    from workers
    where queues is not null
),

waiting as (
    select *
    from jobs as j
    where
        j.state = 'queued'
        and j.attempts = 0
        and j.queue is not null
        and j.queue_basis = 'seen'
        and j.eligible_at <= $as_of - $min_age
        and exists (
            select 1 from read_queues as r
            where r.scope = j.scope and r.system = j.system
        )
        and not exists (
            -- A worker may read queues by the beginning of their names: mail*, or * for all.
            select 1 from read_queues as r
            where
                r.scope = j.scope and r.system = j.system
                and (r.queue = j.queue or (r.queue like '%*' and starts_with(j.queue, replace(r.queue, '*', ''))))
        )
        and not exists (
            select 1 from attempts as a
            where a.scope = j.scope and a.system = j.system and a.queue = j.queue
        )
),

unread as (
    select distinct
        scope,
        system,
        queue
    from waiting
),

distances as (
    select
        u.scope,
        u.system,
        u.queue,
        r.queue as read_queue,
        levenshtein(u.queue, r.queue) as distance
    from unread as u
    inner join read_queues as r on u.scope = r.scope and u.system = r.system
),

nearest as (
    select
        *,
        row_number() over (partition by scope, system, queue order by distance, read_queue) as place
    from distances
)

select
    w.job_key,
    w.job_id,
    null as attempt,
    w.scope,
    w.system,
    w.queue,
    w.job_class,
    w.eligible_at as first_at,
    $as_of as last_at,
    date_diff('microsecond', w.eligible_at, $as_of) / 1e6 as age,
    case
        -- Two letters in the wrong order are two changes; more than half of a name changed is another name.
        when (n.distance <= 2 or n.distance * 4 <= length(w.queue)) and n.distance * 2 < length(w.queue) then n.read_queue
    end as likely_queue,
    exists(
        select 1 from coverage as c
        where c.kind = 'snapshot' and list_contains(c.shows, 'workers') and coalesce(c.system = w.system, true)
    ) as all_workers_seen
from waiting as w
left join nearest as n on w.scope = n.scope and w.system = n.system and w.queue = n.queue and n.place = 1
order by w.eligible_at, w.job_key
