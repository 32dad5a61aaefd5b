-- Changes after which a class takes much longer than ever before, and the runs since that show it.
with slower as (
    select *
    from class_changes
    where
        (times_p50 >= $times_before or (times_p95 >= $times_slowest and p50_after > p50_before))
        and p50_after - p50_before >= extract(epoch from $min_slowdown)
        and runs_before >= $min_side_runs
        and runs_after >= $min_side_runs
        and shift >= $min_shift
        and changed_at - from_at >= $lasts
        and coalesce(until_at, $as_of) - changed_at >= $lasts
        -- What was as slow once before goes back to an old pace, as after a quick night.
        and p50_after > 1.25 * slowest_before
        -- And what is as slow at these hours on other days is the rhythm of the day.
        and (same_hours_p50 is null or p50_after > 1.25 * same_hours_p50)
)

select
    a.job_key,
    a.job_id,
    a.attempt,
    a.scope,
    a.system,
    a.job_class,
    a.queue,
    a.started_at as first_at,
    a.ended_at as last_at,
    s.changed_at,
    s.until_at,
    s.runs_before,
    s.runs_after,
    s.p50_before,
    s.p50_after,
    s.p95_before,
    s.p95_after,
    s.times_p50,
    s.shift,
    s.same_hours_p50,
    s.extra_time,
    s.beside,
    s.beside_at
from slower as s
inner join attempts as a
    on
        s.scope = a.scope and s.system = a.system and s.job_class = a.job_class
        and coalesce(s.queue, '') = coalesce(a.queue, '')
        and s.changed_at <= a.started_at and (s.until_at is null or s.until_at > a.started_at)
where a.state = 'succeeded' and a.run > s.p50_before
order by a.started_at, a.job_key, a.attempt
