-- Find the classes that come on a timetable: six times at least, at a spacing of whole minutes.
insert into class_schedules by name
with comings as (
    -- Jobs that come within the same few seconds are one list that is worked off.
    select
        scope,
        system,
        job_class,
        came_at,
        seconds_between(lag(came_at) over class_time, came_at) as gap
    from (
        select
            scope,
            system,
            job_class,
            coalesce(enqueued_at, first_started_at) as came_at
        from jobs
        where job_class is not null and coalesce(enqueued_at, first_started_at) is not null
    )
    window class_time as (partition by scope, system, job_class order by came_at)
),

bursts as (
    select
        *,
        seconds_between(lag(came_at) over class_time, came_at) as pace,
        first_value(came_at) over class_time as first_at
    from comings
    where gap is null or gap > 20
    window class_time as (partition by scope, system, job_class order by came_at)
),

spacings as (
    select
        scope,
        system,
        job_class,
        round(median(pace) / 60) * 60 as spacing,
        median(pace) as pace
    from bursts
    group by scope, system, job_class
    having count(pace) >= 5
),

offsets as (
    -- How far each coming lies from the nearest time that the first one sets.
    select
        b.*,
        s.spacing,
        round(seconds_between(b.first_at, b.came_at) / s.spacing) as slot,
        seconds_between(b.first_at, b.came_at) - round(seconds_between(b.first_at, b.came_at) / s.spacing) * s.spacing as off
    from bursts as b
    inner join spacings as s on b.scope = s.scope and b.system = s.system and b.job_class = s.job_class
    where s.spacing >= 60 and abs(s.pace - s.spacing) <= 0.02 * s.spacing
),

anchors as (
    select
        *,
        median(off) over (partition by scope, system, job_class) as usual_off
    from offsets
)

select
    scope,
    system,
    job_class,
    any_value(spacing) as spacing,
    any_value(first_at) + to_microseconds(cast(any_value(usual_off) * 1e6 as bigint)) as anchor_at,
    count(distinct slot) as slot_count,
    cast(max(slot) as bigint) + 1 as slots_passed,
    avg(case when abs(off - usual_off) <= least(greatest(0.05 * spacing, 5), 60) then 1.0 else 0.0 end) as on_slot
from anchors
group by scope, system, job_class
having count(distinct slot) >= 6
order by scope, system, job_class;
