-- What snapshots hold, each job with an id; what was delayed after a failure waits for its retry.
create or replace temp view told_snapshot_jobs as
select
    j.* replace ( -- noqa: AM04
        coalesce(j.job_id, i.job_id) as job_id,
        case when j.held_in = 'scheduled' and i.has_failed then 'retry' else j.held_in end as held_in
    )
from snapshot_jobs as j
left join inferred_snapshot_ids as i
    on
        j.job_id is null and j.source_id = i.source_id and j.snapshot_id = i.snapshot_id and j.held_in = i.held_in
        and j.queue is not distinct from i.queue and j.position is not distinct from i.position
        and j.worker is not distinct from i.worker;
