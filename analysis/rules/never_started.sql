-- Jobs still waiting, past the usual wait of their class, on queues that something was started from or a worker reads.
select
    j.job_key,
    j.job_id,
    null as attempt,
    j.job_class,
    j.queue,
    j.enqueued_at as first_at,
    $as_of as last_at,
    j.state_basis,
    date_diff('microsecond', j.enqueued_at, $as_of) / 1e6 as age,
    b.wait_p99
from jobs as j
left join class_baselines as b
    on
        j.scope = b.scope and j.system = b.system and j.job_class = b.job_class
        and coalesce(j.queue, '') = coalesce(b.queue, '') and b.waits >= $min_waits
where
    j.state = 'queued'
    and j.attempts = 0
    and j.enqueued_at <= $as_of - $min_age
    and (b.wait_p99 is null or date_diff('microsecond', j.enqueued_at, $as_of) / 1e6 > $times_p99 * b.wait_p99)
    and (
        exists (
            select 1 from attempts as a
            where a.scope = j.scope and a.system = j.system and a.queue = j.queue
        )
        or exists (
            select 1 from workers as w
            where w.scope = j.scope and w.system = j.system and list_contains(w.queues, j.queue)
        )
    )
order by j.enqueued_at, j.job_key
