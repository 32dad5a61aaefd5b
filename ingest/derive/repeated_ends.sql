-- A queue has its message acknowledged whatever became of it: that ends a run that nothing else has ended. What BullMQ
-- keeps of a job that succeeded tells the worker's time, a moment before the stream's.
create or replace temp table run_lines as
with ends as (
    select
        *,
        case when event in ('succeeded', 'failed', 'interrupted', 'acknowledged') then event end as ending
    from run_lines
),

followed as (
    select
        *,
        last_value(ending ignore nulls) over earlier as ending_before,
        max(case when ending is not null then occurred_at end) over earlier as ended_before_at
    from ends
    window earlier as (
        partition by job_key, told_by, host, pid, slot
        order by stands_at, is_early, source_id, line_no, record_no rows between unbounded preceding and 1 preceding
    )
)

select
    * exclude (ending, ending_before, ended_before_at) replace ( -- noqa: AM04
        coalesce(
            ending_before is not null
            and (
                event = 'acknowledged'
                or (system = 'bullmq' and event = 'succeeded' and ending_before = 'acknowledged')
            )
            and occurred_at - ended_before_at <= interval 1 second,
            false
        ) as ends_again
    )
from followed;
