-- Successful runs far above the usual of their class: on the log scale, against its body, and by an amount that matters.
with classes as (
    -- The longest of n ordinary runs scores about sqrt(2 ln n): so far, and a margin more, is chance. And the spread of n
    -- runs is a guess, with an error of about 1.2 / sqrt(n): once in thousands of classes it is too low by three times
    -- that. Of a class that changed its pace each period is judged by itself.
    select
        *,
        log_median + (sqrt(2 * ln(runs)) + $margin) * (1 + 4 / sqrt(runs)) * log_spread / 0.6745 as log_bar,
        outlier_share > $max_share as has_two_kinds,
        -- Slow runs that come again and again over the whole time are a habit of the class.
        outlier_share >= $habit_share and slow_runs >= $habit_runs
        and slow_tenths * 2 >= case when slow_runs < 10 then slow_runs else 10 end as has_habit,
        -- The slow kind of run has a bar of its own.
        case
            when slow_runs > 0
                then
                    slow_log_median
                    + (sqrt(2 * ln(slow_runs)) + $margin) * (1 + 4 / sqrt(slow_runs)) * slow_log_spread / 0.6745
        end as slow_log_bar
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
),

slow as (
    select
        a.*,
        c.run_p50,
        case when c.has_two_kinds then c.run_p99 else c.body_p99 end as bar_p99,
        c.has_two_kinds,
        c.slow_runs,
        c.runs,
        (not c.has_two_kinds and not c.has_habit)
        or (
            a.sure_run > $times_p99 * c.run_p99
            and (c.slow_log_bar is null or ln(a.sure_run) > c.slow_log_bar)
        ) as is_unusual
    from measured as a
    inner join classes as c
        on
            a.scope = c.scope and a.system = c.system and a.job_class = c.job_class
            and coalesce(a.queue, '') = coalesce(c.queue, '')
            and (c.from_at is null or a.started_at >= c.from_at)
            and (c.until_at is null or a.started_at < c.until_at)
    where
        a.sure_run > 0
        and ln(a.sure_run) > c.log_bar
        and a.sure_run - c.run_p50 >= extract(epoch from $min_excess)
)

select
    job_key,
    job_id,
    attempt,
    scope,
    system,
    job_class,
    queue,
    started_at as first_at,
    ended_at as last_at,
    run,
    run_p50,
    bar_p99,
    has_two_kinds,
    is_unusual,
    slow_runs,
    runs
from slow
where
    sure_run > $times_p99 * bar_p99
    and (not has_two_kinds or is_unusual)
order by run desc, job_key asc, attempt asc
