-- Jobs whose time came, scheduled or for a retry, and that were not begun although something would have shown it.
with watches as (
    -- Until when the logs of the workers of an installation are known, and whether all of them are among the inputs.
    select
        scope,
        system,
        max(case when lines > 0 then last_seen_at end) as seen_until,
        max(case when lines = 0 then 1 else 0 end) as unlogged
    from workers
    group by scope, system
)

select
    j.job_key,
    j.job_id,
    null as attempt,
    j.scope,
    j.system,
    j.job_class,
    j.queue,
    case when j.state = 'retrying' then 'a retry' else 'its scheduled time' end as waiting_for,
    j.run_at as first_at,
    $as_of as last_at,
    j.state_basis = 'snapshot' and j.last_seen_at >= j.run_at + $min_age as held,
    date_diff('microsecond', j.run_at, $as_of) / 1e6 as late
from jobs as j
left join watches as w on j.scope = w.scope and j.system = w.system
where
    j.state in ('scheduled', 'retrying')
    and j.run_at <= $as_of - $min_age
    and (
        (j.state_basis = 'snapshot' and j.last_seen_at >= j.run_at + $min_age)
        or (w.seen_until >= j.run_at + $min_age and w.unlogged = 0)
    )
order by j.run_at, j.job_key
