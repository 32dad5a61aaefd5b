-- When the three fullest queues were at their fullest, and when each was first seen empty after that.
with by_snapshot as (
    select
        s.scope,
        s.system,
        q.queue,
        s.taken_at as seen_at,
        q.depth
    from snapshot_queues as q
    inner join snapshots as s on q.snapshot_id = s.snapshot_id
    where s.taken_at <= $as_of
),

depths as (
    -- A queue that snapshots show is judged by them alone: a log may show only a part of the enqueues.
    select * from by_snapshot
    union all
    select
        m.scope,
        m.system,
        m.queue,
        m.minute + interval '1 minute' as seen_at,
        m.depth
    from queue_minutes as m
    left join by_snapshot as b on m.scope = b.scope and m.system = b.system and m.queue = b.queue
    where b.queue is null and m.depth is not null and m.minute + interval '1 minute' <= $as_of
),

peaks as (
    select *
    from depths
    where depth > 1
    qualify row_number() over (partition by scope, system, queue order by depth desc, seen_at asc) = 1
),

fullest as (
    select *
    from peaks
    qualify row_number() over (order by depth desc, seen_at asc, scope asc, system asc, queue asc) <= 3
),

moments as (
    select
        seen_at,
        'fullest' as kind,
        scope,
        system,
        queue,
        depth as number
    from fullest
    union all
    select
        min(d.seen_at) as seen_at,
        'drained' as kind,
        f.scope,
        f.system,
        f.queue,
        0 as number
    from fullest as f
    inner join depths as d on f.scope = d.scope and f.system = d.system and f.queue = d.queue
    where d.seen_at > f.seen_at and d.depth = 0
    group by f.scope, f.system, f.queue
)

select
    seen_at as at,
    kind,
    null as job_class,
    queue,
    null as worker,
    null as error,
    number
from moments
order by seen_at, kind, scope, system, queue
