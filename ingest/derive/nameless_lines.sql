-- Starts and ends of jobs without ids: class and arguments are all that names them. A worker's end belongs to its last
-- start of the same job; ends before any start are runs of their own.
insert into nameless_lines by name
with counted as (
    select
        l.* replace (coalesce(l.occurred_at, f.failed_at) as occurred_at),
        sum(case when event = 'started' then 1 else 0 end) over slot as start_no,
        sum(case when event = 'started' then 0 else 1 end) over slot as end_no
    from worker_lines as l
    left join recorded_failures as f using (source_id, line_no, record_no)
    where
        job_id is null and job_class is not null and arguments_digest is not null
        and event in ('started', 'succeeded', 'failed')
    window slot as (
        partition by scope, system, job_class, arguments_digest, log_name, worker_pid
        order by place rows between unbounded preceding and current row
    )
)

select
    *, -- noqa: AM04
    case when start_no = 0 then end_no else 0 end as lone_end_no
from counted
order by log_name, place;
