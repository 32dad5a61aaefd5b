-- Classes that do not come any more, told by their last job: at the same hours of earlier days they always came.
with judged as (
    select
        s.*,
        -- Of many classes that rest at times, some rest unusually long: all of them together must hardly ever do so.
        s.by_chance * count(*) over () as by_chance_of_any
    from class_silences as s
    where s.days >= $min_days
)

select
    s.job_key,
    j.job_id,
    null as attempt,
    s.scope,
    s.system,
    s.job_class,
    s.last_came_at as first_at,
    s.until_at as last_at,
    s.silent_for,
    s.others_since,
    s.days,
    s.comings,
    s.longest_gap,
    s.enqueues_seen,
    s.successor,
    s.successor_at,
    s.beside,
    s.beside_at
from judged as s
inner join jobs as j on s.job_key = j.job_key
left join class_schedules as t
    on
        s.scope = t.scope and s.system = t.system and s.job_class = t.job_class
        and t.on_slot >= $slot_share and t.slot_count >= $slot_share * t.slots_passed
where
    t.job_class is null
    and s.compared >= extract(epoch from $min_silence)
    and s.compared >= $times_gap * s.longest_gap
    and s.by_chance_of_any <= $chance_share
    and s.others_since * s.days >= $others_share * s.others_then
    and s.others_since > 0
    and s.seen_share >= $least_seen
order by s.last_came_at, s.job_key
