-- One job, and what is usual for its class on its queue.
select
    j.job_key,
    j.system,
    j.scope,
    j.job_id,
    j.job_class,
    j.queue,
    j.queue_basis,
    j.arguments,
    j.idempotency_key,
    j.parent_job_id,
    j.identity,
    j.state,
    j.state_basis,
    j.state_at,
    j.enqueued_at,
    j.eligible_at,
    j.run_at,
    j.finished_at,
    j.last_seen_at,
    j.max_attempts,
    j.failures,
    j.successes,
    j.interruptions,
    j.error_class,
    j.error_message,
    b.runs as usual_runs,
    b.run_p50 as usual_run,
    b.run_p99 as usual_run_p99,
    b.run_max as usual_run_max,
    b.waits as usual_waits,
    b.wait_p50 as usual_wait,
    b.wait_p99 as usual_wait_p99
from jobs as j
left join class_baselines as b
    on
        j.scope = b.scope and j.system = b.system and j.job_class = b.job_class
        and coalesce(j.queue, '') = coalesce(b.queue, '')
where j.job_key = $job_key
order by j.job_key
