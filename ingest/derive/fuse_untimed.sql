-- Fuse the runs of which no input tells a time with the executions known so far. A log's lines stand in their order: runs
-- of jobs that ran once date those beside them, and of one job's runs that came to the same the first joins the first.
-- A sign that a job runs joins the job's last execution begun by then, an open one before all. What finds no execution is
-- one of its own.
insert into fused_runs
with executions as (
    select
        f.execution_id,
        r.job_key,
        min(r.started_at) as started_at,
        coalesce(min(r.started_at), max(r.ended_at)) as seen_at,
        max(r.ended_at) as ended_at,
        max(r.attempt_logged) as attempt_logged,
        bool_or(r.outcome = 'succeeded') as succeeded,
        coalesce(bool_or(r.will_retry), false) as will_retry
    from fused_runs as f
    inner join runs as r on f.run_id = r.run_id
    group by f.execution_id, r.job_key
),

untimed as (
    select
        run_id,
        job_key,
        source_id,
        line_no,
        attempt_logged,
        last_seen_at,
        outcome = 'succeeded' as succeeded,
        coalesce(will_retry, false) as will_retry
    from runs
    where coalesce(started_at, ended_at) is null
),

ran_once as (
    select
        u.run_id,
        min(e.seen_at) as seen_at
    from untimed as u
    inner join executions as e on u.job_key = e.job_key
    where u.succeeded is not null
    group by u.run_id
    having count(*) = 1
),

between_dates as (
    select
        u.*,
        last_value(o.seen_at ignore nulls) over before as after_at,
        first_value(o.seen_at ignore nulls) over after as before_at
    from untimed as u
    left join ran_once as o on u.run_id = o.run_id
    where u.succeeded is not null
    window
        before as (
            partition by u.source_id order by u.line_no, u.run_id rows between unbounded preceding and current row
        ),
        after as (
            partition by u.source_id order by u.line_no, u.run_id rows between current row and unbounded following
        )
),

dated as (
    select
        *,
        coalesce(after_at + (before_at - after_at) / 2, after_at, before_at) as seen_at
    from between_dates
),

ended as (
    select
        u.run_id,
        e.execution_id
    from (
        select
            *,
            row_number() over (
                partition by job_key, succeeded, will_retry order by seen_at, source_id, line_no, run_id
            ) as place
        from dated
    ) as u
    left join (
        select
            *,
            row_number() over (partition by job_key, succeeded, will_retry order by seen_at, execution_id) as place
        from executions
        where succeeded is not null
    ) as e
        on
            u.job_key = e.job_key and u.succeeded = e.succeeded and u.will_retry = e.will_retry
            and u.place = e.place
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
