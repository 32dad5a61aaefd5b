-- What each change of a class's pace was: when to the run, from what to what, and what else changed then.
insert into class_changes by name
with changed_classes as (
    select distinct
        scope,
        system,
        job_class,
        queue
    from change_points
),

finished as (
    select
        a.scope,
        a.system,
        a.job_class,
        a.queue,
        a.job_key,
        a.attempt,
        a.started_at,
        a.run,
        ln(greatest(a.run, 0.0005)) as log_run,
        -- Durations of whole seconds may each be a second longer than they seem.
        case when bool_and(a.run = floor(a.run)) over (partition by a.scope, a.system, a.job_class, a.queue) then 1 else 0 end
            as unsure_by
    from attempts as a
    inner join changed_classes as c
        on
            a.scope = c.scope and a.system = c.system and a.job_class = c.job_class
            and a.queue is not distinct from c.queue
    where a.state = 'succeeded' and a.run is not null and a.started_at is not null
),

near_runs as (
    -- The runs around a change, those before each of them, and all of them.
    select
        f.*,
        p.changed_at as coarsely_at,
        count(*) over earlier_runs as before,
        sum(f.log_run) over earlier_runs as sum_before,
        count(*) over all_runs as runs,
        sum(f.log_run) over all_runs as sum_of_all
    from change_points as p
    inner join finished as f
        on
            p.scope = f.scope and p.system = f.system and p.job_class = f.job_class
            and f.queue is not distinct from p.queue
            and p.not_before <= f.started_at and p.not_after > f.started_at
    window
        earlier_runs as (
            partition by p.scope, p.system, p.job_class, p.queue, p.changed_at
            order by f.started_at, f.job_key, f.attempt rows between unbounded preceding and 1 preceding
        ),
        all_runs as (partition by p.scope, p.system, p.job_class, p.queue, p.changed_at)
),

moments as (
    -- The run from which on the runs around the change differ most from those before it.
    select
        p.*,
        coalesce(n.started_at, p.changed_at) as since_at
    from change_points as p
    left join (
        select *
        from near_runs
        where before > 0
        qualify
            row_number() over (
                partition by scope, system, job_class, queue, coarsely_at
                order by
                    power(sum_before / before - (sum_of_all - sum_before) / (runs - before), 2)
                    * before * (runs - before) desc,
                    started_at asc, job_key asc, attempt asc
            ) = 1
    ) as n
        on
            p.scope = n.scope and p.system = n.system and p.job_class = n.job_class
            and p.queue is not distinct from n.queue and p.changed_at = n.coarsely_at
),

paces as (
    select
        scope,
        system,
        job_class,
        queue,
        since_at as changed_at,
        chance,
        lag(since_at) over class_time as changed_before_at,
        lead(since_at) over class_time as until_at
    from moments
    window class_time as (partition by scope, system, job_class, queue order by since_at)
),

sides as (
    select
        c.changed_at,
        c.until_at,
        f.*,
        f.started_at >= c.changed_at as is_after,
        rank() over (
            partition by c.scope, c.system, c.job_class, c.queue, c.changed_at order by f.run
        ) as place,
        count(*) over (partition by c.scope, c.system, c.job_class, c.queue, c.changed_at, f.run) as ties
    from paces as c
    inner join finished as f
        on
            c.scope = f.scope and c.system = f.system and c.job_class = f.job_class
            and f.queue is not distinct from c.queue
            and (c.changed_before_at <= f.started_at or c.changed_before_at is null)
            and (c.until_at > f.started_at or c.until_at is null)
),

measured as (
    select
        scope,
        system,
        job_class,
        queue,
        changed_at,
        min(started_at) as from_at,
        any_value(unsure_by) as unsure_by,
        count(*) filter (not is_after) as runs_before,
        count(*) filter (is_after) as runs_after,
        quantile_cont(run, 0.5) filter (not is_after) as p50_before,
        quantile_cont(run, 0.5) filter (is_after) as p50_after,
        quantile_cont(run, 0.95) filter (not is_after) as p95_before,
        quantile_cont(run, 0.95) filter (is_after) as p95_after,
        avg(run) filter (not is_after) as mean_before,
        avg(run) filter (is_after) as mean_after,
        avg(place + (ties - 1) / 2.0) filter (is_after) as mean_place_after
    from sides
    group by scope, system, job_class, queue, changed_at
    having count(*) filter (is_after) > 0 and count(*) filter (not is_after) > 0
),

other_days as (
    -- The runs of other days at the hours of the period after: of earlier days where there are any.
    select
        s.scope,
        s.system,
        s.job_class,
        s.queue,
        s.changed_at,
        count(*) filter (f.started_at < s.changed_at) as earlier,
        count(*) as runs,
        median(f.run) filter (f.started_at < s.changed_at) as p50_earlier,
        median(f.run) as p50
    from (
        select
            scope,
            system,
            job_class,
            queue,
            changed_at,
            until_at,
            hour(started_at) as hour
        from sides
        where is_after
        group by scope, system, job_class, queue, changed_at, until_at, hour
    ) as s
    inner join finished as f
        on
            s.scope = f.scope and s.system = f.system and s.job_class = f.job_class
            and f.queue is not distinct from s.queue and hour(f.started_at) = s.hour
            and (f.started_at < date_trunc('day', s.changed_at) or s.until_at <= f.started_at)
    group by s.scope, s.system, s.job_class, s.queue, s.changed_at
),

nearest as (
    -- What people marked and versions that were first seen then, else workers that started.
    select
        c.scope,
        c.system,
        c.job_class,
        c.queue,
        c.changed_at,
        m.brief as beside,
        m.changed_at as beside_at
    from paces as c
    inner join changes as m
        on
            c.scope = m.scope and c.system = m.system
            and m.changed_at between c.changed_at - interval 1 hour and c.changed_at + interval 1 hour
    where m.kind in ('mark', 'version', 'restart')
    qualify
        row_number() over (
            partition by c.scope, c.system, c.job_class, c.queue, c.changed_at
            order by
                m.kind = 'restart' asc, abs(seconds_between(c.changed_at, m.changed_at)) asc, m.changed_at asc,
                m.kind asc, m.detail asc
        ) = 1
)

select
    c.scope,
    c.system,
    c.job_class,
    c.queue,
    c.changed_at,
    m.from_at,
    c.until_at,
    c.chance as by_chance,
    m.runs_before,
    m.runs_after,
    m.p50_before,
    m.p50_after,
    m.p95_before,
    m.p95_after,
    m.p50_after / greatest(m.p50_before + m.unsure_by, 0.0005) as times_p50,
    m.p95_after / greatest(m.p95_before + m.unsure_by, 0.0005) as times_p95,
    (m.mean_place_after - (m.runs_before + m.runs_after + 1) / 2.0)
    / sqrt(m.runs_before * (m.runs_before + m.runs_after + 1.0) / (12.0 * m.runs_after)) as shift,
    max(m.p50_before) over (
        partition by c.scope, c.system, c.job_class, c.queue order by c.changed_at
        rows between unbounded preceding and current row
    ) as slowest_before,
    case when o.earlier >= 30 then o.p50_earlier when o.runs >= 30 then o.p50 end as same_hours_p50,
    (m.mean_after - m.mean_before) * m.runs_after as extra_time,
    n.beside,
    n.beside_at
from paces as c
inner join measured as m
    on
        c.scope = m.scope and c.system = m.system and c.job_class = m.job_class
        and c.queue is not distinct from m.queue and c.changed_at = m.changed_at
left join other_days as o
    on
        c.scope = o.scope and c.system = o.system and c.job_class = o.job_class
        and c.queue is not distinct from o.queue and c.changed_at = o.changed_at
left join nearest as n
    on
        c.scope = n.scope and c.system = n.system and c.job_class = n.job_class
        and c.queue is not distinct from n.queue and c.changed_at = n.changed_at
order by c.scope, c.system, c.job_class, c.queue, c.changed_at;
