-- Runs without an end whose worker is alive, far longer than their class ever takes.
select
    a.job_key,
    a.job_id,
    a.attempt,
    a.scope,
    a.system,
    a.job_class,
    a.queue,
    a.started_at as first_at,
    $as_of as last_at,
    date_diff('microsecond', a.started_at, $as_of) / 1e6 as age,
    b.runs,
    b.run_p99,
    w.state_basis as worker_basis,
    w.confidence as worker_confidence
from attempts as a
inner join workers as w on a.worker_key = w.worker_key
left join class_baselines as b
    on
        a.scope = b.scope and a.system = b.system and a.job_class = b.job_class
        and coalesce(a.queue, '') = coalesce(b.queue, '')
where
    a.state = 'running'
    and a.worker_state = 'alive'
    and a.started_at <= $as_of - $min_age
    and case
        when b.runs >= $min_runs then date_diff('microsecond', a.started_at, $as_of) / 1e6 > $times_p99 * b.run_p99
        else
            a.started_at <= $as_of - $min_age * $times_unknown
            and date_diff('microsecond', a.started_at, $as_of) / 1e6 > $times_p99 * coalesce(b.run_max, 0)
    end
order by a.started_at, a.job_key, a.attempt
