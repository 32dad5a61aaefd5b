-- When runs failed that a log tells without times: the queue system's own record of the failure says it. A job's records
-- that no log tells with a time go to its failures without one, in order; more records than failures tell nothing.
insert into recorded_failures by name
with records as (
    select distinct
        s.scope,
        s.system,
        j.job_class,
        j.arguments_digest,
        j.pid,
        j.failed_at
    from snapshot_jobs as j
    inner join snapshots as s on j.source_id = s.source_id and j.snapshot_id = s.snapshot_id
    where j.held_in = 'failed' and j.job_id is null and j.failed_at is not null
),

failures as (
    select * from worker_lines
    where event = 'failed' and job_id is null and arguments_digest is not null
),

unlogged as (
    select
        r.*,
        row_number() over job as turn,
        count(*) over (partition by r.scope, r.system, r.job_class, r.arguments_digest) as records
    from records as r
    where
        not exists (
            select 1 from failures as f
            where
                f.scope = r.scope and f.system = r.system
                and f.job_class = r.job_class and f.arguments_digest = r.arguments_digest
                and f.worker_pid = r.pid and abs(seconds_between(f.occurred_at, r.failed_at)) <= 2
        )
    window job as (
        partition by r.scope, r.system, r.job_class, r.arguments_digest order by r.failed_at, r.pid
    )
),

untimed as (
    select
        *,
        row_number() over (
            partition by scope, system, job_class, arguments_digest order by log_name, place
        ) as turn,
        count(*) over (partition by scope, system, job_class, arguments_digest) as lines
    from failures
    where occurred_at is null
)

select
    u.source_id,
    u.line_no,
    u.record_no,
    r.failed_at
from untimed as u
inner join unlogged as r
    on
        u.scope = r.scope and u.system = r.system
        and u.job_class = r.job_class and u.arguments_digest = r.arguments_digest and u.turn = r.turn
where r.records <= u.lines
order by u.source_id, u.line_no, u.record_no;
