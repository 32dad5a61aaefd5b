-- Jobs that were run so many times, each run but the last a failure, and not given up.
select
    job_key,
    job_id,
    null as attempt,
    scope,
    system,
    job_class,
    queue,
    error_class,
    first_started_at as first_at,
    coalesce(finished_at, last_seen_at) as last_at,
    attempts,
    state
from jobs
where attempts >= $attempts and failures >= $attempts - 1 and state <> 'failed'
order by first_started_at, job_key
