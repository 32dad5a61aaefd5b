-- Jobs that were thrown away on purpose, and whether an error was the cause.
with asked as (
    select
        job_key,
        max(case when event = 'cancelled' then 1 else 0 end) as is_cancelled
    from attempt_evidence
    where event in ('cancelled', 'discarded')
    group by job_key
),

gone as (
    select
        j.*,
        coalesce(a.is_cancelled, 0) = 1 and j.error_class is null as on_request,
        count(*) over (partition by j.scope, j.system, j.job_class, j.queue, j.error_class) as of_kind
    from jobs as j
    left join asked as a on j.job_key = a.job_key
    where j.state = 'discarded'
)

select
    job_key,
    job_id,
    null as attempt,
    scope,
    system,
    job_class,
    queue,
    error_class,
    on_request,
    attempts,
    coalesce(first_started_at, enqueued_at, first_seen_at) as first_at,
    coalesce(finished_at, state_at, last_seen_at) as last_at
from gone
where of_kind >= $min_jobs
order by coalesce(finished_at, state_at, last_seen_at), job_key
