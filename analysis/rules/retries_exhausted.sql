-- Jobs whose last failure was final, and whether an input says so or a snapshot without them.
with given_up as (
    select
        *,
        count(*) over (partition by scope, system, job_class, queue, error_class) as of_kind
    from jobs
    where state = 'failed'
)

select
    g.job_key,
    g.job_id,
    null as attempt,
    g.scope,
    g.system,
    g.job_class,
    g.queue,
    g.error_class,
    coalesce(g.first_started_at, g.enqueued_at, g.first_seen_at) as first_at,
    coalesce(g.finished_at, g.last_seen_at) as last_at,
    g.attempts,
    g.state_basis = 'snapshot'
    or exists (
        select 1 from attempts as a
        where a.job_key = g.job_key and a.attempt = g.attempts and not a.will_retry
    )
    or exists (
        select 1 from attempt_evidence as e
        where e.job_key = g.job_key and e.event = 'retries_exhausted'
    ) as told
from given_up as g
where g.of_kind >= $min_jobs
order by g.finished_at, g.job_key
