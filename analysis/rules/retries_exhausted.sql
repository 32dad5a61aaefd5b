-- Jobs whose last failure was final.
with given_up as (
    select
        *,
        count(*) over (partition by job_class, queue, error_class) as of_kind
    from jobs
    where state = 'failed'
)

select
    job_key,
    job_id,
    null as attempt,
    job_class,
    queue,
    error_class,
    first_started_at as first_at,
    finished_at as last_at,
    attempts
from given_up
where of_kind >= $min_jobs
order by finished_at, job_key
