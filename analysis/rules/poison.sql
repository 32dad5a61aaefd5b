-- Jobs whose runs ended with the death of their worker, again and again.
with deaths as (
    select
        a.job_key,
        a.job_id,
        a.scope,
        a.system,
        a.job_class,
        a.queue,
        a.attempt,
        a.started_at,
        a.worker_key,
        greatest(a.started_at, w.last_seen_at) as died_at,
        w.confidence as worker_confidence,
        count(*) over (partition by a.worker_key) as runs_of_death
    from attempts as a
    inner join workers as w on a.worker_key = w.worker_key
    where a.state = 'running' and a.worker_state = 'gone'
),

counted as (
    select
        *,
        count(*) over nearby as deaths_nearby,
        count(*) over one_job as deaths_in_all,
        count(case when runs_of_death = 1 then 1 end) over one_job as alone
    from deaths
    window
        one_job as (partition by job_key),
        nearby as (partition by job_key order by died_at range between $window preceding and current row)
)

select
    job_key,
    job_id,
    attempt,
    scope,
    system,
    job_class,
    queue,
    started_at as first_at,
    died_at as last_at,
    deaths_in_all,
    alone,
    worker_confidence
from counted
where
    job_key in (
        select c.job_key from counted as c
        where c.deaths_nearby >= $deaths
    )
order by started_at, job_key, attempt
