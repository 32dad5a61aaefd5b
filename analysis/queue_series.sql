-- How many jobs waited on each of the fullest queues, and how long, in equal steps of time.
with steps as (
    select
        scope,
        system,
        queue,
        cast(floor((epoch(minute) - epoch($first_at)) / $step) as bigint) as place,
        max(coalesce(depth_snapshot, depth)) as depth,
        max(greatest(wait_max, oldest_wait)) as wait,
        sum(arrivals + starts) as traffic
    from queue_minutes
    where minute between $first_at and $last_at
    group by scope, system, queue, place
),

fullest as (
    select
        scope,
        system,
        queue,
        row_number() over (
            order by max(depth) desc nulls last, max(wait) desc nulls last, sum(traffic) desc, scope, system, queue
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
