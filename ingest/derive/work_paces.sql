-- Measure how steadily equal work comes again, where it came three times at least.
insert into work_paces by name
with enqueued as (
    select
        scope,
        system,
        job_class,
        coalesce(idempotency_key, arguments_digest) as work,
        coalesce(enqueued_at, first_started_at, case when identity = 'exact' then first_seen_at end) as came_at,
        job_key
    from jobs
    where job_class is not null and coalesce(idempotency_key, arguments_digest) is not null
),

gaps as (
    select
        scope,
        system,
        job_class,
        work,
        seconds_between(
            lag(came_at) over (partition by scope, system, job_class, work order by came_at, job_key), came_at
        ) as gap
    from enqueued
    where came_at is not null
),

measured as (
    select
        *,
        median(gap) over (partition by scope, system, job_class, work) as pace
    from gaps
    where gap is not null
)

select
    scope,
    system,
    job_class,
    work,
    count(*) as gaps,
    any_value(pace) as pace,
    avg(case when abs(gap - pace) <= 0.1 * pace + 0.5 then 1.0 else 0.0 end) as on_pace
from measured
group by scope, system, job_class, work
having count(*) >= 2
order by scope, system, job_class, work;
