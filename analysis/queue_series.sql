-- How many jobs waited on each of the fullest queues, and how long, in equal steps of time.
with observed as (
    select
        scope,
        system,
        queue,
        minute as seen_at,
        greatest(depth_snapshot, depth) as depth,
        greatest(wait_max, oldest_wait) as wait,
        arrivals + starts as traffic
    from queue_minutes
    union all
    -- A minute keeps its last snapshot only; the fullest may be an earlier one.
    select
        s.scope,
        s.system,
        q.queue,
        s.taken_at as seen_at,
        q.depth,
        null as wait,
        0 as traffic
    from snapshot_queues as q
    inner join snapshots as s on q.snapshot_id = s.snapshot_id
),

steps as (
    select
        scope,
        system,
        queue,
        cast(floor((epoch(seen_at) - epoch($first_at)) / $step) as bigint) as place,
        max(depth) as depth,
        max(wait) as wait,
        sum(traffic) as traffic
    from observed
    where seen_at between $first_at and $last_at
    group by scope, system, queue, place
),

fullest as (
    select
        scope,
        system,
        queue,
        row_number() over (
            order by max(depth) desc nulls last, max(wait) desc nulls last, sum(traffic) desc, scope asc, system asc, queue asc
        ) as place_of_queue
    from steps
    group by scope, system, queue
    qualify place_of_queue <= $queues
)

select
    f.place_of_queue,
    s.scope,
    s.system,
    s.queue,
    s.place,
    cast(s.depth as bigint) as depth,
    s.wait
from steps as s
inner join fullest as f on s.scope = f.scope and s.system = f.system and s.queue = f.queue
order by f.place_of_queue, s.place
