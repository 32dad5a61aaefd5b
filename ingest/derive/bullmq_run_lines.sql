-- A worker of BullMQ that takes a job up again at once may say so before it has said that the attempt before failed.
create or replace temp table run_lines as
with told as (
    select
        *,
        coalesce(
            system = 'bullmq' and event = 'started' and lag(event) over in_log = 'started'
            and lead(event) over in_log = 'failed' and lead(attempt) over in_log < attempt,
            false
        ) as came_early,
        lead(occurred_at) over in_log as next_at
    from run_lines
    window in_log as (partition by job_key, source_id, host, pid, thread order by line_no, record_no)
)

select
    * exclude (came_early, next_at) replace ( -- noqa: AM04
        came_early as is_early,
        case when came_early then next_at else stands_at end as stands_at
    )
from told;
