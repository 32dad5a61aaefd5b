-- The job's executions in order, each with what is known of the worker that ran it.
select
    a.attempt,
    a.attempt_logged,
    a.queue,
    a.eligible_at,
    a.started_at,
    a.ended_at,
    a.state,
    a.will_retry,
    a.wait,
    a.run,
    coalesce(w.worker, a.worker_key, a.host || coalesce(':' || a.pid, ''), 'pid ' || a.pid) as worker,
    a.thread,
    a.worker_state,
    w.state_basis as worker_basis,
    w.confidence as worker_confidence,
    a.worker_seen_at,
    a.heartbeat_at,
    a.error_class,
    a.error_message
from attempts as a
left join workers as w on a.worker_key = w.worker_key
where a.job_key = $job_key
order by a.attempt
