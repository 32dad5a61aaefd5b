-- The same logs and snapshots over so many days: every day like the first, with processes and jobs of its own.
create temp table later as
select
    range as days,
    to_days(cast(range as integer)) as shift
from range(1, $days);

insert into job_events
select
    e.* replace (
        e.line_no + d.days * 1000000000 as line_no,
        e.occurred_at + d.shift as occurred_at,
        e.enqueued_at + d.shift as enqueued_at,
        e.run_at + d.shift as run_at,
        e.job_id || '-' || d.days as job_id,
        e.pid + d.days * 100000 as pid,
        e.host || ':' || (e.pid + d.days * 100000) as worker
    )
from job_events as e
cross join later as d
order by d.days, e.source_id, e.line_no;

insert into worker_events
select
    e.* replace (
        e.line_no + d.days * 1000000000 as line_no,
        e.occurred_at + d.shift as occurred_at,
        e.pid + d.days * 100000 as pid,
        e.host || ':' || (e.pid + d.days * 100000) as worker
    )
from worker_events as e
cross join later as d
order by d.days, e.source_id, e.line_no;

insert into snapshots
select
    s.* replace (
        s.line_no + d.days * 1000000000 as line_no,
        s.snapshot_id || '-' || d.days as snapshot_id,
        s.taken_at + d.shift as taken_at
    )
from snapshots as s
cross join later as d
order by d.days, s.taken_at;

insert into snapshot_queues
select
    q.* replace (
        q.snapshot_id || '-' || d.days as snapshot_id,
        q.oldest_at + d.shift as oldest_at
    )
from snapshot_queues as q
cross join later as d
order by d.days, q.snapshot_id, q.queue;

insert into snapshot_processes
select
    p.* replace (
        p.snapshot_id || '-' || d.days as snapshot_id,
        p.started_at + d.shift as started_at,
        p.heartbeat_at + d.shift as heartbeat_at,
        p.pid + d.days * 100000 as pid,
        p.host || ':' || (p.pid + d.days * 100000) as worker
    )
from snapshot_processes as p
cross join later as d
order by d.days, p.snapshot_id, p.worker;

insert into snapshot_jobs
select
    j.* replace (
        j.snapshot_id || '-' || d.days as snapshot_id,
        j.created_at + d.shift as created_at,
        j.enqueued_at + d.shift as enqueued_at,
        j.run_at + d.shift as run_at,
        j.started_at + d.shift as started_at,
        j.failed_at + d.shift as failed_at,
        j.died_at + d.shift as died_at,
        j.job_id || '-' || d.days as job_id,
        j.pid + d.days * 100000 as pid,
        j.host || ':' || (j.pid + d.days * 100000) as worker
    )
from snapshot_jobs as j
cross join later as d
order by d.days, j.snapshot_id, j.held_in, j.position, j.job_id;

update sources
set last_at = last_at + to_days(cast($days - 1 as integer));

drop table later;
