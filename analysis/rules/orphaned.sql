-- Runs without an end whose worker process is gone and has been silent for a while.
select
    a.job_key,
    a.job_id,
    a.attempt,
    a.scope,
    a.system,
    a.job_class,
    a.queue,
    a.started_at as first_at,
    greatest(a.started_at, w.last_seen_at) as last_at,
    w.worker_key,
    w.state_basis as worker_basis,
    w.confidence as worker_confidence,
    coalesce(w.worker, w.host || ':' || cast(w.pid as varchar), w.worker_key) as process,
    w.host,
    case when w.host is null then w.log end as log,
    case when w.host is null and w.log is null then coalesce(w.worker, w.worker_key) end as worker,
    exists(
        select 1 from attempts as later
        where later.job_key = a.job_key and later.attempt > a.attempt
    ) as ran_again
from attempts as a
inner join workers as w on a.worker_key = w.worker_key
where
    a.state = 'running'
    and a.worker_state = 'gone'
    and greatest(a.started_at, w.last_seen_at) <= $as_of - $min_age
order by a.started_at, a.job_key, a.attempt
