-- What each snapshot says a worker process had in hand, where it lists as many jobs of that process as it counts. It
-- speaks of the moment of the process's last heartbeat: what Sidekiq and others store with it.
create or replace temp table process_looks as
with listed as (
    select
        s.snapshot_id,
        s.scope,
        s.system,
        coalesce(p.heartbeat_at, s.taken_at) as seen_at,
        coalesce(p.host, w.place) as place,
        coalesce(p.pid, w.pid) as pid,
        p.host as told_host,
        p.pid as told_pid,
        p.worker,
        p.busy
    from snapshot_processes as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    left join worker_places as w
        on p.pid is null and p.host is null and s.scope = w.scope and s.system = w.system and p.worker = w.worker
    where p.busy is not null
),

counted as (
    select
        l.snapshot_id,
        l.scope,
        l.seen_at,
        l.place,
        l.pid,
        list(k.job_key) filter (k.job_key is not null) as job_keys
    from listed as l
    left join told_snapshot_jobs as j
        on
            l.snapshot_id = j.snapshot_id and j.held_in = 'running'
            and case
                when l.told_pid is null then l.worker = j.worker
                else l.told_pid = j.pid and coalesce(l.told_host = j.host, true)
            end
    left join job_keys as k on l.scope = k.scope and l.system = k.seen_system and j.job_id = k.id
    group by l.snapshot_id, l.scope, l.seen_at, l.place, l.pid, l.worker
    having count(distinct j.job_id) >= any_value(l.busy)
)

select
    i.worker_key,
    c.seen_at,
    coalesce(c.job_keys, []) as job_keys
from counted as c
asof inner join incarnations as i
    on c.scope = i.scope and c.place = i.place and c.pid = i.pid and c.seen_at >= i.from_at
order by i.worker_key, c.seen_at;
