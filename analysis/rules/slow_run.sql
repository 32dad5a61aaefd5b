-- Successful runs far above the usual of their class: on the log scale, against its body, and by an amount that matters.
with classes as (
    -- The longest of n ordinary runs scores about sqrt(2 ln n): so far, and half a point more, is chance. And the spread
    -- of n runs is a guess, too low by 2 / sqrt(n) every so often. Of a class that changed its pace each period is judged
    -- by itself.
    select
        *,
        greatest($score, sqrt(2 * ln(runs)) + 0.5) * (1 + 2 / sqrt(runs)) as bar_score,
        case when outlier_share <= $max_share then body_p99 else run_p99 end as bar_p99,
        -- Of two kinds of run the slow kind has a bar of its own.
        case
            when outlier_share > $max_share and slow_runs > 0
                then
                    slow_log_median
                    + greatest($score, sqrt(2 * ln(slow_runs)) + 0.5) * (1 + 2 / sqrt(slow_runs)) * slow_log_spread / 0.6745
        end as slow_kind_bar
    from class_periods
    where runs >= $min_runs
),

measured as (
    -- Between two times of whole seconds a run may have been a second shorter than it seems.
    select
        *,
        case
            when
                run = seconds and started_at = date_trunc('second', started_at)
                and ended_at = date_trunc('second', ended_at) then run - 1
            else run
        end as sure_run
    from (
        select
            *,
            date_diff('microsecond', started_at, ended_at) / 1e6 as seconds
        from attempts
        where state = 'succeeded' and run > 0
    ) as ended
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
    a.run,
    c.run_p50,
    c.bar_p99,
    c.outlier_share,
    c.runs
from measured as a
inner join classes as c
    on
        a.scope = c.scope and a.system = c.system and a.job_class = c.job_class
        and coalesce(a.queue, '') = coalesce(c.queue, '')
        and (c.from_at is null or a.started_at >= c.from_at)
        and (c.until_at is null or a.started_at < c.until_at)
where
    a.sure_run > 0
    and 0.6745 * (ln(a.sure_run) - c.log_median) / c.log_spread > c.bar_score
    and coalesce(ln(a.sure_run) > c.slow_kind_bar, true)
    and a.sure_run > $times_p99 * c.bar_p99
    and a.sure_run >= $times_median * c.run_p50
    and a.sure_run - c.run_p50 >= extract(epoch from $min_excess)
order by a.run desc, a.job_key asc, a.attempt asc
