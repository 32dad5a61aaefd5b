-- How busy each pool of workers was, minute by minute. Spans of time count by their two ends only: what is open over a
-- whole minute is the sum of what began before it and has not ended, so a run of hours costs as much as one of seconds.
insert into pool_minutes by name
with log_ends as (
    select
        scope,
        log,
        max(last_line_at) as ended_at
    from workers
    where log is not null
    group by scope, log
),

processes as (
    -- From when to when each took jobs; one that shuts down takes none any more.
    select
        w.scope,
        w.system,
        w.pool,
        w.worker_key,
        w.capacity,
        w.host,
        w.log,
        w.state,
        e.ended_at as log_ended_at,
        coalesce(w.booted_at, w.first_seen_at) as from_at,
        coalesce(w.stopping_at, w.stopped_at, case when w.state = 'alive' then $as_of else w.last_seen_at end) as to_at
    from workers as w
    left join log_ends as e on w.scope = e.scope and w.log = e.log
),

pooled as (
    select *
    from processes
    where pool is not null and from_at < to_at
),

strangers as (
    -- What no pool is known of and ran jobs of a pool's queue may be one of its processes.
    select distinct
        q.scope,
        q.system,
        q.pool,
        p.worker_key,
        p.from_at,
        p.to_at
    from processes as p
    inner join attempts as a on p.worker_key = a.worker_key
    inner join pool_queues as q on a.scope = q.scope and a.system = q.system and a.queue = q.queue
    where p.pool is null
),

runs_done as (
    -- A run whose end is not seen lasts as long as its process, where it may still go on.
    select
        p.scope,
        p.system,
        p.pool,
        a.eligible_at,
        a.started_at,
        greatest(a.started_at, p.from_at) as from_at,
        least(coalesce(a.ended_at, case when a.state = 'running' then p.to_at else a.last_seen_at end), p.to_at) as to_at
    from attempts as a
    inner join pooled as p on a.worker_key = p.worker_key
    where a.started_at is not null and p.capacity is not null
),

average_runs as (
    select
        scope,
        system,
        queue,
        avg(run) as run
    from attempts
    where queue is not null and run is not null
    group by scope, system, queue
),

queues_of_one_pool as (
    select
        scope,
        system,
        queue,
        any_value(pool) as pool
    from pool_queues
    group by scope, system, queue
    having count(*) = 1
),

gaps as (
    -- A log that is silent and lacks no line is that of workers whose runs are long.
    select distinct
        p.scope,
        p.system,
        p.pool,
        g.from_at,
        g.to_at
    from pooled as p
    inner join log_gaps as g on p.scope = g.scope and p.log = g.log
    where g.kind = 'stretch' and g.from_at < least(g.to_at, p.to_at) and g.to_at > p.from_at
    union
    select distinct
        p.scope,
        p.system,
        p.pool,
        g.from_at,
        g.to_at
    from pooled as p
    inner join log_gaps as g on p.scope = g.scope and p.host = g.host
    where g.kind = 'machine' and g.from_at < least(g.to_at, p.to_at) and g.to_at > p.from_at
),

spans as (
    select
        scope,
        system,
        pool,
        from_at,
        to_at,
        1 as processes,
        coalesce(capacity, 0) as capacity,
        0 as busy,
        cast(0 as double) as waiting,
        case when capacity is null then 1 else 0 end as unknown
    from pooled
    union all
    select
        scope,
        system,
        pool,
        from_at,
        to_at,
        0,
        0,
        1,
        0.0,
        0
    from runs_done
    where from_at < to_at
    union all
    -- Waits that are over before a minute ends are not seen at its end.
    select
        scope,
        system,
        pool,
        eligible_at,
        started_at,
        0,
        0,
        0,
        seconds_between(from_at, to_at),
        0
    from runs_done
    where from_at < to_at and date_trunc('minute', eligible_at) < date_trunc('minute', started_at)
    union all
    select
        q.scope,
        q.system,
        q.pool,
        j.eligible_at,
        $as_of,
        0,
        0,
        0,
        a.run,
        0
    from jobs as j
    inner join queues_of_one_pool as q on j.scope = q.scope and j.system = q.system and j.queue = q.queue
    inner join average_runs as a on j.scope = a.scope and j.system = a.system and j.queue = a.queue
    where j.state = 'queued' and j.attempts = 0 and j.eligible_at < $as_of
    union all
    select
        scope,
        system,
        pool,
        from_at,
        to_at,
        0,
        0,
        0,
        0.0,
        1
    from strangers
    where from_at < to_at
    union all
    -- The end of the log of a process that lives on.
    select distinct
        scope,
        system,
        pool,
        log_ended_at,
        to_at,
        0,
        0,
        0,
        0.0,
        1
    from pooled
    where state = 'alive' and log_ended_at < to_at
    union all
    select
        scope,
        system,
        pool,
        from_at,
        to_at,
        0,
        0,
        0,
        0.0,
        1
    from gaps
),

ends as (
    select
        *,
        from_at as at_time,
        1 as sign
    from spans
    union all
    select
        *,
        to_at,
        -1
    from spans
),

changes as (
    select
        scope,
        system,
        pool,
        date_trunc('minute', at_time) as minute,
        cast(sum(processes) filter (sign = 1) as bigint) as processes_more,
        cast(sum(sign * processes) as bigint) as processes,
        cast(sum(sign * capacity) as bigint) as capacity,
        sum(sign * capacity * (60 - seconds_between(date_trunc('minute', at_time), at_time))) as capacity_within,
        cast(sum(sign * busy) as bigint) as busy,
        sum(sign * busy * (60 - seconds_between(date_trunc('minute', at_time), at_time))) as busy_within,
        sum(sign * waiting) as waiting,
        cast(sum(sign * unknown) as bigint) as unknown,
        cast(sum(unknown) as bigint) as unknown_within
    from ends
    group by scope, system, pool, date_trunc('minute', at_time)
),

levels as (
    -- Of each minute in which something changed: what was open before it, and after.
    select
        scope,
        system,
        pool,
        minute,
        lead(minute) over so_far as next_minute,
        sum(processes) over so_far - processes as processes_before,
        coalesce(processes_more, 0) as processes_more,
        sum(processes) over so_far as processes_after,
        (sum(capacity) over so_far - capacity) * 60 + capacity_within as capacity,
        sum(capacity) over so_far * 60 as capacity_after,
        (sum(busy) over so_far - busy) * 60 + busy_within as busy,
        sum(busy) over so_far * 60 as busy_after,
        sum(waiting) over so_far as waiting,
        sum(unknown) over so_far - unknown + unknown_within as unknown,
        sum(unknown) over so_far as unknown_after
    from changes
    window so_far as (partition by scope, system, pool order by minute)
),

minutes as (
    select
        scope,
        system,
        pool,
        minute,
        processes_before + processes_more as processes,
        capacity,
        busy,
        waiting,
        unknown
    from levels
    union all
    -- And those in which nothing changed while runs went on.
    select
        scope,
        system,
        pool,
        unnest(generate_series(minute + interval 1 minute, next_minute - interval 1 minute, interval 1 minute)),
        processes_after,
        capacity_after,
        busy_after,
        waiting,
        unknown_after
    from levels
    where busy_after > 0
)

select
    scope,
    system,
    pool,
    minute,
    processes,
    greatest(capacity, 0) as capacity,
    greatest(busy, 0) as busy,
    greatest(waiting, 0) as waiting,
    -- Who runs far more at once than it can has told wrongly what it can.
    unknown = 0 and busy <= 1.1 * capacity + 1 as is_known
from minutes
where busy > 0.001 and capacity > 0.001
order by scope, system, pool, minute;
