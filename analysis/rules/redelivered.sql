-- Runs that began although the run before had succeeded, or was not over while its worker lived.
with ordered as (
    select
        *,
        lag(state) over job as previous_state,
        lag(ended_at) over job as previous_ended_at,
        lag(started_at) over job as previous_started_at,
        lag(attempt_logged) over job as previous_attempt_logged,
        lag(worker_state) over job as previous_worker_state,
        lag(worker_seen_at) over job as previous_worker_seen_at
    from attempts
    window job as (partition by job_key order by attempt)
)

select
    job_key,
    job_id,
    attempt,
    scope,
    system,
    job_class,
    queue,
    previous_started_at as first_at,
    state,
    previous_state,
    previous_ended_at > started_at or (previous_state = 'running' and previous_worker_state = 'alive') as at_once,
    coalesce(ended_at, started_at) as last_at
from ordered
where
    (
        previous_state = 'succeeded'
        or (
            previous_state in ('running', 'unknown')
            and not (previous_worker_state in ('gone', 'stopped') and previous_worker_seen_at <= started_at)
            -- Where the system itself counts one try more, the run before failed, whatever became of the line.
            and coalesce(attempt_logged <= previous_attempt_logged, true)
        )
    )
    and started_at > previous_started_at + $tolerance
order by started_at, job_key, attempt
