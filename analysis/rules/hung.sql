-- Runs without an end whose worker is alive, far longer than their class ever takes.
select
    a.job_key,
    a.job_id,
    a.attempt,
    a.job_class,
    a.queue,
    a.started_at as first_at,
    $as_of as last_at,
    date_diff('microsecond', a.started_at, $as_of) / 1e6 as age,
    b.run_p99,
    w.state_basis as worker_basis,
    w.confidence as worker_confidence
from attempts as a
inner join workers as w on a.worker_key = w.worker_key
left join class_baselines as b
    on
        a.scope = b.scope and a.system = b.system and a.job_class = b.job_class
        and coalesce(a.queue, '') = coalesce(b.queue, '') and b.runs >= $min_runs
where
    a.state = 'running'
    and a.worker_state = 'alive'
    and a.started_at <= $as_of - $min_age
    and (b.run_p99 is null or date_diff('microsecond', a.started_at, $as_of) / 1e6 > $times_p99 * b.run_p99)
order by a.started_at, a.job_key, a.attempt
