-- Runs without an end whose worker process is gone.
select
    a.job_key,
    a.job_id,
    a.attempt,
    a.job_class,
    a.queue,
    a.started_at as first_at,
    w.last_seen_at as last_at,
    w.state_basis as worker_basis,
    w.confidence as worker_confidence,
    coalesce(w.worker, w.worker_key) as worker,
    exists(
        select 1 from attempts as later
        where later.job_key = a.job_key and later.attempt > a.attempt
    ) as ran_again
from attempts as a
inner join workers as w on a.worker_key = w.worker_key
where
    a.state = 'running'
    and a.worker_state = 'gone'
    and a.started_at <= $as_of - $min_age
order by a.started_at, a.job_key, a.attempt
