-- The course of each class's run time: medians of so many runs on end, at most 96 points and none of fewer than five runs.
create or replace temp table run_points as
with finished as (
    select
        scope,
        system,
        job_class,
        queue,
        started_at,
        run,
        row_number() over class_time - 1 as place,
        count(*) over (partition by scope, system, job_class, queue) as runs,
        -- Durations of whole seconds say little of runs that are about as short.
        bool_and(run = floor(run)) over (partition by scope, system, job_class, queue) as whole_seconds
    from attempts
    where state = 'succeeded' and run is not null and started_at is not null and job_class is not null
    window class_time as (partition by scope, system, job_class, queue order by started_at, job_key, attempt)
),

placed as (
    select
        *,
        cast(greatest(5, ceil(runs / 96.0)) as bigint) as size
    from finished
    where runs >= 60
)

select
    scope,
    system,
    job_class,
    queue,
    least(place // size, runs // size - 1) as point,
    min(started_at) as from_at,
    median(ln(case when whole_seconds then run + 1 else greatest(run, 0.0005) end)) as log_run
from placed
group by scope, system, job_class, queue, point
order by scope, system, job_class, queue, point;
