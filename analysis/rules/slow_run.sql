-- Successful runs far above the usual of their class: on the log scale, against its body, and by an amount that matters.
select
    a.job_key,
    a.job_id,
    a.attempt,
    a.job_class,
    a.queue,
    a.started_at as first_at,
    a.ended_at as last_at,
    a.run,
    b.run_p50,
    b.body_p99,
    b.runs
from attempts as a
inner join class_baselines as b
    on
        a.scope = b.scope and a.system = b.system and a.job_class = b.job_class
        and coalesce(a.queue, '') = coalesce(b.queue, '')
where
    a.state = 'succeeded'
    and b.runs >= $min_runs
    and a.run > 0
    and 0.6745 * (ln(a.run) - b.log_median) / b.log_spread > $score
    and a.run > $times_p99 * case when b.outlier_share <= $max_share then b.body_p99 else b.run_p99 end
    and a.run >= $times_median * b.run_p50
    and to_microseconds(cast((a.run - b.run_p50) * 1e6 as bigint)) >= $min_excess
order by a.run desc, a.job_key asc, a.attempt asc
