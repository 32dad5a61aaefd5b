-- Jobs that failed in hours in which far more of their class failed than in the others.
with compared as (
    select
        *,
        failed_jobs / cast(jobs as double) as share,
        (other_failed_jobs + 1) / cast(other_jobs + 2 as double) as usual
    from class_hours
    where failed_jobs >= $min_jobs and other_jobs >= $min_others
),

surges as (
    -- The chance of so many at the usual rate is below this bound (Chernoff 1952, by relative entropy).
    select *
    from compared
    where
        share >= $times * usual
        and exp(
            -jobs * (
                share * ln(share / usual) + case when share < 1 then (1 - share) * ln((1 - share) / (1 - usual)) else 0 end
            )
        ) <= $chance_share
)

select
    a.job_key,
    a.job_id,
    a.attempt,
    a.scope,
    a.system,
    a.job_class,
    a.error_class,
    a.ended_at as first_at,
    a.ended_at as last_at,
    j.state,
    s.hour,
    s.jobs,
    s.failed_jobs,
    s.other_jobs,
    s.other_failed_jobs
from surges as s
inner join attempts as a
    on
        s.scope = a.scope and s.system = a.system and s.job_class = a.job_class
        and s.hour <= a.ended_at and a.ended_at < s.hour + interval '1 hour'
inner join jobs as j on a.job_key = j.job_key
where a.state = 'failed'
order by a.scope, a.system, a.job_class, a.ended_at, a.job_key, a.attempt
