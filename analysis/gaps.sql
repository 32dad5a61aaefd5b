-- Gaps of inputs in which the event may stand that some rows found missing: the end of a run in the log of its own
-- worker, a start in any worker's log. With how many of the rows each touches, the surest gap first.
with asked as (
    select
        unnest($job_keys) as job_key,
        unnest($attempts) as attempt,
        unnest($firsts) as first_at,
        unnest($lasts) as last_at
),

placed as (
    select
        a.job_key,
        a.attempt,
        a.first_at,
        a.last_at,
        w.log,
        w.host
    from asked as a
    left join attempts as r on a.job_key = r.job_key and a.attempt = r.attempt
    left join workers as w on r.worker_key = w.worker_key
)

select
    g.kind,
    g.log,
    g.host,
    g.from_at,
    g.to_at,
    count(*) as touched
from log_gaps as g
inner join placed as p
    on
        coalesce(g.from_at <= p.last_at, true) and coalesce(g.to_at >= p.first_at, true)
        and ($anywhere or (g.log = p.log and coalesce(g.host = p.host, true)))
where g.scope = $scope and g.system = $system and g.kind in ('stretch', 'machine', 'lines')
group by g.kind, g.log, g.host, g.from_at, g.to_at
order by
    case g.kind when 'lines' then 1 else 0 end,
    touched desc, g.kind desc, g.from_at asc, g.log asc, g.host asc
limit 1
