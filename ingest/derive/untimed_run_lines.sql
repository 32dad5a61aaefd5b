-- A line without a time stands before the next line of its log that has one. A log without any is another observer.
create or replace temp table run_lines as
with placed as (
    select
        * replace (
            coalesce(
                occurred_at,
                min(occurred_at) over (
                    partition by job_key, source_id, host, pid, thread
                    order by line_no, record_no rows between current row and unbounded following
                )
            ) as stands_at
        )
    from run_lines
)

select * replace (told_by || case when stands_at is null then ' without times' else '' end as told_by) -- noqa: AM04
from placed;
