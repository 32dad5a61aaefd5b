-- Runs without an end whose worker process is gone and has been silent for a while.
with cut_off as (
    select
        a.*,
        exists(
            select 1 from attempts as later
            where later.job_key = a.job_key and later.attempt > a.attempt
        ) as ran_again
    from attempts as a
    where a.state = 'running' and a.worker_state = 'gone'
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
    greatest(a.started_at, w.last_seen_at) as last_at,
    w.worker_key,
    w.state_basis as worker_basis,
    w.confidence as worker_confidence,
    coalesce(w.worker, w.host || ':' || cast(w.pid as varchar), w.worker_key) as process,
    w.host,
    case when w.host is null then w.log end as log,
    case when w.host is null and w.log is null then coalesce(w.worker, w.worker_key) end as worker,
    a.ran_again
from cut_off as a
inner join workers as w on a.worker_key = w.worker_key
left join class_baselines as b
    on
        a.scope = b.scope and a.system = b.system and a.job_class = b.job_class
        and coalesce(a.queue, '') = coalesce(b.queue, '')
where
    greatest(a.started_at, w.last_seen_at) <= $as_of - $min_age
    -- Where its log has lost lines, a run that by then had to be over for long has lost its end to them; unless it was
    -- seen at work as late as that, or the job was handed out again.
    and not (
        coalesce(
            not a.ran_again
            and b.runs >= $min_runs
            and date_diff('microsecond', a.started_at, w.last_seen_at) / 1e6 > $times_p99 * b.run_p99
            and date_diff('microsecond', a.started_at, a.last_seen_at) / 1e6 <= $times_p99 * b.run_p99,
            false
        )
        and exists (
            select 1 from log_gaps as g
            where
                g.scope = w.scope and g.system = w.system and g.kind = 'lines'
                and g.log = w.log and coalesce(g.host = w.host, true)
        )
    )
order by a.started_at, a.job_key, a.attempt
