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
        and j.enqueued_at <= $as_of - $min_age
        and exists (
            select 1 from read_queues as r
            where r.scope = j.scope and r.system = j.system
        )
        and not exists (
            select 1 from read_queues as r
            where r.scope = j.scope and r.system = j.system and r.queue = j.queue
        )
        and not exists (
            select 1 from attempts as a
            where a.scope = j.scope and a.system = j.system and a.queue = j.queue
        )
),

likely as (
    select
        w.queue,
        min_by(r.queue, levenshtein(w.queue, r.queue) * 1000 + ascii(r.queue)) as likely_queue,
        min(levenshtein(w.queue, r.queue)) as distance
    from (select distinct
        scope,
        system,
        queue
    from waiting) as w
    inner join read_queues as r on w.scope = r.scope and w.system = r.system
    group by w.queue
)

select
    w.job_key,
    w.job_id,
    null as attempt,
    w.queue,
    w.job_class,
    w.enqueued_at as first_at,
    $as_of as last_at,
    date_diff('microsecond', w.enqueued_at, $as_of) / 1e6 as age,
    case when l.distance <= greatest(1, length(w.queue) / 4) then l.likely_queue end as likely_queue
from waiting as w
left join likely as l on w.queue = l.queue
order by w.enqueued_at, w.job_key
