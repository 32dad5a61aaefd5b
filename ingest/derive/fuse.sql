-- Fuse one observer's runs with the executions known so far: the same job, nothing that contradicts, and start or end
-- within two seconds. Each run joins the execution nearest in time that has it as its own nearest; the rest are new.
insert into fused_runs
with executions as (
    select
        f.execution_id,
        r.job_key,
        min(r.started_at) as started_at,
        max(r.ended_at) as ended_at,
        max(r.attempt_logged) as attempt_logged,
        max(r.host) as host,
        max(r.pid) as pid,
        max(r.thread) as thread
    from fused_runs as f
    inner join runs as r on f.run_id = r.run_id
    group by f.execution_id, r.job_key
),

pairs as (
    select
        r.run_id,
        e.execution_id,
        least(
            abs(date_diff('microsecond', e.started_at, r.started_at)),
            coalesce(abs(date_diff('microsecond', e.ended_at, r.ended_at)), 9223372036854775807)
        ) as distance
    from runs as r
    inner join executions as e on r.job_key = e.job_key
    where
        r.observer = $observer
        and coalesce(r.attempt_logged = e.attempt_logged, true)
        and coalesce(r.host = e.host, true)
        and coalesce(r.pid = e.pid, true)
        and (r.kind = 'span' or coalesce(r.thread = e.thread, true))
),

nearest as (
    select
        run_id,
        execution_id,
        row_number() over (partition by run_id order by distance, execution_id) as of_run,
        row_number() over (partition by execution_id order by distance, run_id) as of_execution
    from pairs
    where distance <= 2000000
)

select
    r.run_id,
    coalesce(n.execution_id, r.run_id) as execution_id
from runs as r
left join nearest as n on r.run_id = n.run_id and n.of_run = 1 and n.of_execution = 1
where r.observer = $observer and coalesce(r.started_at, r.ended_at) is not null
order by r.run_id;
