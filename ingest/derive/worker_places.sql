-- Where each worker is that its system knows by a name only, without machine and process id: the process whose log last
-- told of the jobs that a snapshot finds in that worker's hands, where most of them agree; else a place of its own.
create or replace temp table worker_places as
with held as (
    select
        s.scope,
        s.system,
        j.worker,
        j.job_id,
        s.taken_at
    from snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    where j.held_in in ('running', 'reserved') and j.worker is not null and j.pid is null
),

lines as (
    select
        source_id,
        scope,
        system,
        job_id,
        pid,
        occurred_at
    from job_events
    where pid is not null and job_id is not null and occurred_at is not null and event not in ('scheduled', 'enqueued')
    union all
    select
        source_id,
        scope,
        system,
        job_id,
        pid,
        occurred_at
    from log_lines
    where pid is not null and job_id is not null and occurred_at is not null
),

votes as (
    select
        h.scope,
        h.system,
        h.worker,
        log_of(f.path) as place,
        l.pid,
        count(*) as jobs
    from held as h
    asof inner join lines as l
        on h.scope = l.scope and h.system = l.system and h.job_id = l.job_id and h.taken_at >= l.occurred_at
    inner join sources as f on l.source_id = f.source_id
    group by h.scope, h.system, h.worker, log_of(f.path), l.pid
),

elected as (
    select * from votes
    qualify 2 * jobs > sum(jobs) over (partition by scope, system, worker)
),

named as (
    select
        scope,
        system,
        worker
    from held
    union
    select
        scope,
        system,
        worker
    from job_events
    where worker is not null and pid is null
    union
    select
        scope,
        system,
        worker
    from worker_events
    where worker is not null and pid is null
)

select
    n.scope,
    n.system,
    n.worker,
    coalesce(e.place, n.worker) as place,
    coalesce(e.pid, 0) as pid
from named as n
left join elected as e on n.scope = e.scope and n.system = e.system and n.worker = e.worker
order by n.scope, n.system, n.worker;
