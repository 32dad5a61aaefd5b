-- Failures after which one layer gave the job up and another layer has it tried again.
with given_up as (
    select
        a.job_key,
        a.attempt,
        a.ended_at,
        a.will_retry
    from attempts as a
    inner join attempt_evidence as e on a.job_key = e.job_key and e.event = 'retries_exhausted'
    where
        a.state = 'failed'
        and e.seen_at between a.ended_at - $nearby and a.ended_at + $nearby
    group by a.job_key, a.attempt, a.ended_at, a.will_retry
),

again as (
    -- Who takes a job out of a dead set by hand does so later.
    select
        g.job_key,
        g.attempt,
        g.ended_at,
        g.will_retry,
        min(later.started_at) as again_at
    from given_up as g
    left join attempts as later
        on
            g.job_key = later.job_key and g.attempt < later.attempt
            and later.started_at <= g.ended_at + $soon
    group by g.job_key, g.attempt, g.ended_at, g.will_retry
)

select
    j.job_key,
    j.job_id,
    a.attempt,
    j.scope,
    j.system,
    j.job_class,
    j.queue,
    a.ended_at as first_at,
    coalesce(a.again_at, a.ended_at) as last_at,
    a.again_at is not null as ran_again,
    j.attempts as runs
from again as a
inner join jobs as j on a.job_key = j.job_key
where
    -- Two layers gave the job a name each: a queue alone that runs what it gave up was told to.
    j.provider_job_id is not null
    and (a.will_retry or a.again_at is not null)
order by a.ended_at, j.job_key, a.attempt
