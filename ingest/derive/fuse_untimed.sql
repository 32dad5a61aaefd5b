-- Fuse the runs of which no input tells a time with the executions known so far, each told once its place is known. Runs
-- that ended join those of the job that came out the same, the shortest the shortest. A sign that a job runs joins the
-- job's last execution begun by then, an open one before all. What finds no execution is one of its own.
insert into fused_runs
with executions as (
    select
        f.execution_id,
        r.job_key,
        min(r.started_at) as started_at,
        max(r.ended_at) as ended_at,
        max(r.attempt_logged) as attempt_logged,
        bool_or(r.outcome = 'succeeded') as succeeded,
        max(coalesce(r.duration, seconds_between(r.started_at, r.ended_at))) as duration
    from fused_runs as f
    inner join runs as r on f.run_id = r.run_id
    group by f.execution_id, r.job_key
),

untimed as (
    select
        run_id,
        job_key,
        attempt_logged,
        duration,
        last_seen_at,
        outcome = 'succeeded' as succeeded
    from runs
    where coalesce(started_at, ended_at) is null
),

ended as (
    select
        u.run_id,
        e.execution_id
    from (
        select
            *,
            row_number() over (partition by job_key, succeeded order by duration, run_id) as place
        from untimed
        where succeeded is not null
    ) as u
    left join (
        select
            *,
            row_number() over (partition by job_key, succeeded order by duration, execution_id) as place
        from executions
        where succeeded is not null
    ) as e on u.job_key = e.job_key and u.succeeded = e.succeeded and u.place = e.place
),

running as (
    select
        u.run_id,
        u.job_key,
        e.execution_id
    from untimed as u
    left join executions as e on u.job_key = e.job_key
    where u.succeeded is null
    qualify row_number() over (
        partition by u.run_id
        order by
            coalesce(u.attempt_logged = e.attempt_logged, false) desc,
            coalesce(e.started_at <= u.last_seen_at, true) desc,
            e.ended_at is null desc,
            e.started_at desc,
            e.execution_id desc
    ) = 1
)

select
    run_id,
    coalesce(execution_id, run_id) as execution_id
from ended
union all
select
    run_id,
    coalesce(execution_id, min(run_id) over (partition by job_key, execution_id))
from running
order by run_id;
