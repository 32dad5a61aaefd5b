-- Runs that began although the run before had succeeded, or was not over, with no failure and no push-back between.
with ordered as (
    select
        *,
        lag(state) over (partition by job_key order by attempt) as previous_state,
        lag(ended_at) over (partition by job_key order by attempt) as previous_ended_at,
        lag(started_at) over (partition by job_key order by attempt) as previous_started_at
    from attempts
)

select
    job_key,
    job_id,
    attempt,
    job_class,
    queue,
    previous_started_at as first_at,
    state,
    previous_state,
    coalesce(ended_at, started_at) as last_at
from ordered
where
    previous_state in ('succeeded', 'running', 'unknown')
    and started_at > previous_started_at + $tolerance
order by started_at, job_key, attempt
