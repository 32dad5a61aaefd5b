-- Celery tells the number of a run when a worker takes the task; the start that follows has that number. A retry is sent,
-- and may begin, before the run that asked for it is told to have ended: that end, which follows the start of the next run
-- at once, is of the run before.
create or replace temp table run_lines as
with counting as (
    select
        * replace (
            case
                when event = 'started' and told_by = 'log celery events' then last_value(attempt ignore nulls) over earlier
                else attempt
            end as attempt
        )
    from run_lines
    window earlier as (
        partition by job_key, told_by, host, pid, slot
        order by stands_at, source_id, line_no, record_no rows between unbounded preceding and current row
    )
),

late_ends as (
    select
        *,
        coalesce(
            event = 'failed' and will_retry
            and lag(event) over runs_of_slot = 'started' and lag(event, 2) over runs_of_slot = 'started'
            and lag(attempt) over runs_of_slot > lag(attempt, 2) over runs_of_slot
            and occurred_at - lag(occurred_at) over runs_of_slot <= interval 1 second,
            false
        ) as is_late,
        lag(occurred_at) over runs_of_slot as followed_at
    from counting
    where event <> 'reserved'
    window runs_of_slot as (
        partition by job_key, told_by, host, pid, slot order by stands_at, source_id, line_no, record_no
    )
)

select
    * exclude (is_late, followed_at) replace ( -- noqa: AM04
        case when is_late then followed_at else occurred_at end as occurred_at,
        case when is_late then followed_at - interval 1 microsecond else stands_at end as stands_at
    )
from late_ends;
