-- What is usual per class and queue. Durations are judged on the log scale, where job durations are roughly symmetric:
-- modified z-score 0.6745 * (ln x - median) / MAD (Iglewicz and Hoaglin 1993), spread at least 0.1. Many lean to the long
-- side even so: the spread is up to a quarter more where the slowest tenth lies further out than of a normal distribution,
-- whose median deviation is 0.6745 and whose slowest tenth begins at 1.2816.
create or replace temp table usual_runs as
with finished as (
    select
        scope,
        system,
        job_class,
        queue,
        started_at,
        run,
        ln(greatest(run, 0.0005)) as log_run
    from attempts
    where state = 'succeeded' and run is not null and job_class is not null
),

-- The whole time, and the periods between two changes of a class's pace.
periods as (
    select
        scope,
        system,
        job_class,
        queue,
        changed_at as from_at,
        until_at
    from class_changes
    union all by name
    select
        scope,
        system,
        job_class,
        queue,
        min(from_at) as from_at,
        min(changed_at) as until_at
    from class_changes
    group by scope, system, job_class, queue
),

of_periods as (
    select
        *,
        null as from_at,
        null as until_at
    from finished
    union all by name
    select
        f.*,
        p.from_at,
        p.until_at
    from finished as f
    inner join periods as p
        on
            f.scope = p.scope and f.system = p.system and f.job_class = p.job_class
            and f.queue is not distinct from p.queue
            and f.started_at >= p.from_at and (f.started_at < p.until_at or p.until_at is null)
),

medians as (
    select
        scope,
        system,
        job_class,
        queue,
        from_at,
        min(started_at) as first_at,
        max(started_at) as last_at,
        median(log_run) as log_median,
        quantile_cont(log_run, 0.9) as log_p90
    from of_periods
    group by scope, system, job_class, queue, from_at
),

spreads as (
    select
        f.scope,
        f.system,
        f.job_class,
        f.queue,
        f.from_at,
        greatest(median(abs(f.log_run - m.log_median)), 0.1) as deviation,
        greatest(
            deviation,
            least(0.6745 / 1.2816 * (any_value(m.log_p90) - any_value(m.log_median)), 1.25 * deviation)
        ) as log_spread
    from of_periods as f
    inner join medians as m
        on
            f.scope = m.scope and f.system = m.system and f.job_class = m.job_class
            and f.queue is not distinct from m.queue and f.from_at is not distinct from m.from_at
    group by f.scope, f.system, f.job_class, f.queue, f.from_at
),

scored as (
    select
        f.*,
        m.log_median,
        s.log_spread,
        0.6745 * (f.log_run - m.log_median) / s.log_spread as score,
        -- In which tenth of the time from the first run to the last it started, from 0.
        least(
            10 * date_diff('microsecond', m.first_at, f.started_at)
            // greatest(date_diff('microsecond', m.first_at, m.last_at), 1),
            9
        ) as tenth
    from of_periods as f
    inner join medians as m
        on
            f.scope = m.scope and f.system = m.system and f.job_class = m.job_class
            and f.queue is not distinct from m.queue and f.from_at is not distinct from m.from_at
    inner join spreads as s
        on
            f.scope = s.scope and f.system = s.system and f.job_class = s.job_class
            and f.queue is not distinct from s.queue and f.from_at is not distinct from s.from_at
),

usual_runs as (
    select
        scope,
        system,
        job_class,
        queue,
        from_at,
        any_value(until_at) as until_at,
        count(*) as runs,
        quantile_cont(run, 0.5) as run_p50,
        quantile_cont(run, 0.95) as run_p95,
        quantile_cont(run, 0.99) as run_p99,
        max(run) as run_max,
        any_value(log_median) as log_median,
        any_value(log_spread) as log_spread,
        quantile_cont(run, 0.99) filter (score <= 3.5) as body_p99,
        avg(case when score > 3.5 then 1.0 else 0.0 end) as outlier_share,
        count(*) filter (score > 3.5) as slow_runs,
        count(distinct tenth) filter (score > 3.5) as slow_tenths,
        median(log_run) filter (score > 3.5) as slow_log_median,
        quantile_cont(log_run, 0.9) filter (score > 3.5) as slow_log_p90
    from scored
    group by scope, system, job_class, queue, from_at
),

slow_spreads as (
    -- Of a class with two kinds of run the slow kind: what is usual for it, apart from the quick one.
    select
        c.scope,
        c.system,
        c.job_class,
        c.queue,
        c.from_at,
        greatest(median(abs(c.log_run - u.slow_log_median)), 0.1) as deviation,
        greatest(
            deviation,
            least(0.6745 / 1.2816 * (any_value(u.slow_log_p90) - any_value(u.slow_log_median)), 1.25 * deviation)
        ) as slow_log_spread
    from scored as c
    inner join usual_runs as u
        on
            c.scope = u.scope and c.system = u.system and c.job_class = u.job_class
            and c.queue is not distinct from u.queue and c.from_at is not distinct from u.from_at
    where c.score > 3.5
    group by c.scope, c.system, c.job_class, c.queue, c.from_at
)

select
    u.* exclude (slow_log_p90),
    w.slow_log_spread
from usual_runs as u
left join slow_spreads as w
    on
        u.scope = w.scope and u.system = w.system and u.job_class = w.job_class
        and u.queue is not distinct from w.queue and u.from_at is not distinct from w.from_at;

insert into class_baselines by name
with all_attempts as (
    select
        scope,
        system,
        job_class,
        queue,
        count(*) as attempts,
        count(*) filter (state = 'failed') as failures,
        count(wait) as waits,
        quantile_cont(wait, 0.5) as wait_p50,
        quantile_cont(wait, 0.95) as wait_p95,
        quantile_cont(wait, 0.99) as wait_p99
    from attempts
    where job_class is not null
    group by scope, system, job_class, queue
)

select
    a.*,
    coalesce(u.runs, 0) as runs,
    u.run_p50,
    u.run_p95,
    u.run_p99,
    u.run_max,
    u.log_median,
    u.log_spread,
    u.body_p99,
    u.outlier_share,
    coalesce(u.slow_runs, 0) as slow_runs,
    coalesce(u.slow_tenths, 0) as slow_tenths,
    u.slow_log_median,
    u.slow_log_spread
from all_attempts as a
left join usual_runs as u
    on
        a.scope = u.scope and a.system = u.system and a.job_class = u.job_class
        and a.queue is not distinct from u.queue and u.from_at is null
order by a.scope, a.system, a.job_class, a.queue;

insert into class_periods by name
select u.* -- noqa: AM04
from usual_runs as u
anti join class_changes as c
    on
        u.scope = c.scope and u.system = c.system and u.job_class = c.job_class
        and u.queue is not distinct from c.queue and u.from_at is null
order by u.scope, u.system, u.job_class, u.queue, u.from_at;
