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
    from told_events
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
    from told_events
    where worker is not null and pid is null
    union
    select
        scope,
        system,
        worker
    from worker_events
    where worker is not null and pid is null
)
,

listed as (
    select distinct
        s.scope,
        s.system,
        p.worker
    from snapshot_processes as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    where p.pid is null
),

shared as (
    -- Executions that one input sees in a worker by one name and another input in a worker by another name.
    select
        n.scope,
        n.system,
        n.worker,
        l.worker as listed_as,
        count(*) as executions
    from named as n
    inner join runs as r on n.scope = r.scope and n.worker = r.worker
    inner join fused_runs as f on r.run_id = f.run_id
    inner join fused_runs as g on f.execution_id = g.execution_id
    inner join runs as q on g.run_id = q.run_id
    inner join listed as l on n.scope = l.scope and n.system = l.system and q.worker = l.worker
    where r.pid is null and q.pid is null
    group by n.scope, n.system, n.worker, l.worker
),

alike as (
    select * from shared
    qualify 2 * executions > sum(executions) over (partition by scope, system, worker)
)

select
    n.scope,
    n.system,
    n.worker,
    coalesce(e.place, a.listed_as, n.worker) as place,
    coalesce(e.pid, 0) as pid
from named as n
left join elected as e on n.scope = e.scope and n.system = e.system and n.worker = e.worker
left join alike as a on n.scope = a.scope and n.system = a.system and n.worker = a.worker
order by n.scope, n.system, n.worker;
