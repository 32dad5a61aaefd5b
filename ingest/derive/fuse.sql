-- Fuse one observer's runs with the executions known so far: the same job, nothing that contradicts, and start or end
-- within two seconds. Each run joins the execution nearest in time that has it as its own nearest; the rest are new.
insert into fused_runs
with executions as (
    select
        f.execution_id,
        r.job_key,
        min(r.started_at) filter (r.start_seen_at is not null or r.duration is not null) as started_at,
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
        -- Of a run that only its end tells of, the start is not known; it may be the end of one that only its start tells of.
        least(
            coalesce(abs(date_diff('microsecond', e.started_at, r.told_start)), 9223372036854775807),
            coalesce(abs(date_diff('microsecond', e.ended_at, r.ended_at)), 9223372036854775807),
            case
                when e.ended_at is null or r.ended_at is null
                    then
                        coalesce(
                            abs(date_diff(
                                'microsecond', coalesce(e.started_at, e.ended_at), coalesce(r.told_start, r.ended_at)
                            )),
                            9223372036854775807
                        )
                else 9223372036854775807
            end
        ) as distance
    from (
        select
            *,
            case when start_seen_at is not null or duration is not null then started_at end as told_start
        from runs
    ) as r
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
