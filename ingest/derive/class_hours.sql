-- How many jobs of each class failed in each hour, and in the others.
insert into class_hours by name
with hours as (
    select
        scope,
        system,
        job_class,
        date_trunc('hour', ended_at) as hour,
        count(distinct job_key) as jobs,
        count(distinct job_key) filter (state = 'failed') as failed_jobs
    from attempts
    where job_class is not null and ended_at is not null
    group by scope, system, job_class, date_trunc('hour', ended_at)
)

select
    *,
    sum(jobs) over whole - sum(jobs) over around as other_jobs,
    sum(failed_jobs) over whole - sum(failed_jobs) over around as other_failed_jobs
from hours
window
    whole as (partition by scope, system, job_class),
    around as (
        partition by scope, system, job_class order by hour
        range between interval 1 hour preceding and interval 1 hour following
    )
order by scope, system, job_class, hour;
