-- Jobs that were run so many times, each run but the last a failure.
select
    job_key,
    job_id,
    null as attempt,
    job_class,
    queue,
    error_class,
    first_started_at as first_at,
    last_seen_at as last_at,
    attempts,
    state
from jobs
where attempts >= $attempts and failures >= $attempts - 1
order by first_started_at, job_key
