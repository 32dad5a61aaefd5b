-- Pauses of classes on a timetable in which one of its times or more passed, told by the last job before each.
with timed as (
    select
        j.job_key,
        j.job_id,
        j.scope,
        j.system,
        j.job_class,
        s.spacing,
        s.slot_count,
        coalesce(j.enqueued_at, j.first_started_at) as came_at,
        lead(coalesce(j.enqueued_at, j.first_started_at)) over (
            partition by j.scope, j.system, j.job_class
            order by coalesce(j.enqueued_at, j.first_started_at), j.job_key
        ) as next_at,
        -- Its time: a job that was early or late does not move the others.
        round(date_diff('microsecond', s.anchor_at, coalesce(j.enqueued_at, j.first_started_at)) / 1e6 / s.spacing) as slot,
        case
            when extract(epoch from $grace) > 0.1 * s.spacing then extract(epoch from $grace) else 0.1 * s.spacing
        end as late_by,
        date_diff('microsecond', s.anchor_at, $as_of) / 1e6 as passed,
        date_diff('microsecond', s.anchor_at, coalesce(j.enqueued_at, j.first_started_at)) / 1e6 as came_after
    from jobs as j
    inner join class_schedules as s on j.scope = s.scope and j.system = s.system and j.job_class = s.job_class
    where
        s.slot_count >= $min_slots
        and s.on_slot >= $slot_share
        and s.slot_count >= $slot_share * s.slots_passed
        and coalesce(j.enqueued_at, j.first_started_at) is not null
),

pauses as (
    select
        *,
        next_at is null as lasts,
        case
            when next_at is null then floor((passed - late_by) / spacing) - slot
            else
                round((came_after + date_diff('microsecond', came_at, next_at) / 1e6) / spacing) - slot - 1
        end as missed
    from timed
),

ended as (
    select
        *,
        came_at + cast(spacing as bigint) * interval '1 second' as first_missed_at,
        came_at + cast(spacing * missed as bigint) * interval '1 second' as last_missed_at
    from pauses
    where missed >= 1
),

watched as (
    -- Others came between, and up to the last time that was missed.
    select
        e.job_key,
        count(*) as others
    from ended as e
    inner join jobs as o
        on
            e.scope = o.scope and e.system = o.system and e.job_class <> o.job_class
            and coalesce(o.enqueued_at, o.first_started_at) > e.came_at
            and coalesce(o.enqueued_at, o.first_started_at) <= e.last_missed_at
    group by e.job_key
),

still_watched as (
    select distinct e.job_key
    from ended as e
    inner join jobs as o
        on
            e.scope = o.scope and e.system = o.system and e.job_class <> o.job_class
            and coalesce(o.enqueued_at, o.first_started_at) >= e.last_missed_at
)

select
    e.job_key,
    e.job_id,
    null as attempt,
    e.scope,
    e.system,
    e.job_class,
    e.first_missed_at as first_at,
    e.last_missed_at as last_at,
    cast(e.missed as bigint) as missed,
    e.spacing,
    e.slot_count,
    e.lasts
from ended as e
inner join watched as w on e.job_key = w.job_key
inner join still_watched as t on e.job_key = t.job_key
where w.others >= $others
order by e.came_at, e.job_key
