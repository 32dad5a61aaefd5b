-- The events of jobs, each with the id of its job as far as any input tells it, the worker for its child and
-- the time that the system's record of a failure tells;
-- without those that only repeat others.
create or replace temp view told_events as
select
    e.* replace ( -- noqa: AM04
        coalesce(e.job_id, i.job_id) as job_id,
        coalesce(w.worker_pid, e.pid) as pid,
        coalesce(e.occurred_at, f.failed_at) as occurred_at
    )
from job_events as e
left join inferred_ids as i
    on e.source_id = i.source_id and e.line_no = i.line_no and e.record_no = i.record_no
left join worker_lines as w
    on e.source_id = w.source_id and e.line_no = w.line_no and e.record_no = w.record_no and e.event = w.event
left join recorded_failures as f
    on e.source_id = f.source_id and e.line_no = f.line_no and e.record_no = f.record_no
where
    not exists (
        select 1 from copied_lines as c
        where e.source_id = c.source_id and e.line_no = c.line_no and e.record_no = c.record_no
    );
