-- Logs whose durations or times are a thousand times, or a thousandth of, what their own lines measure.
select
    cast(null as varchar) as job_key,
    cast(null as varchar) as job_id,
    cast(null as integer) as attempt,
    scope,
    system,
    log,
    what,
    from_at as first_at,
    to_at as last_at,
    compared,
    times_as_much,
    near_power,
    on_power,
    source_id,
    line_no
from told_times
where near_power <> 0 and compared >= $min_compared and on_power >= $power_share
order by log, what, job_key
