-- Per queue and minute: what came, what ran, what waited.
insert into queue_minutes by name
with arrivals as (
    select
        a.scope,
        a.system,
        a.queue,
        date_trunc('minute', q.eligible_at) as minute,
        count(*) as arrivals
    from (
        select
            e.job_key,
            coalesce(e.eligible_at, e.enqueued_at) as eligible_at
        from enqueues as e
    ) as q
    inner join jobs as a on q.job_key = a.job_key
    where a.queue is not null and q.eligible_at is not null and q.eligible_at <= $as_of
    group by a.scope, a.system, a.queue, minute
),

starts as (
    select
        scope,
        system,
        queue,
        date_trunc('minute', started_at) as minute,
        count(*) as starts,
        count(*) filter (attempt = 1 and coalesce(attempt_logged, 1) = 1) as first_starts,
        count(*) filter (previous_state = 'failed' or (previous_state is null and attempt_logged > 1)) as retries,
        max(wait) as wait_max,
        median(wait) as wait_median
    from (
        select
            *,
            lag(state) over (partition by job_key order by attempt) as previous_state
        from attempts
    )
    where queue is not null and started_at is not null
    group by scope, system, queue, minute
),

ends as (
    select
        scope,
        system,
        queue,
        date_trunc('minute', ended_at) as minute,
        count(*) filter (state = 'succeeded') as completions,
        count(*) filter (state = 'failed') as failures,
        median(run) as run_median
    from attempts
    where queue is not null and ended_at is not null
    group by scope, system, queue, minute
),

looks as (
    select
        s.scope,
        s.system,
        q.queue,
        date_trunc('minute', s.taken_at) as minute,
        arg_max(q.depth, (s.taken_at, s.snapshot_id)) as depth_snapshot,
        arg_max(q.paused, (s.taken_at, s.snapshot_id)) as paused,
        arg_max(seconds_between(q.oldest_at, s.taken_at), (s.taken_at, s.snapshot_id)) as oldest_wait
    from snapshot_queues as q
    inner join snapshots as s on q.snapshot_id = s.snapshot_id
    group by s.scope, s.system, q.queue, minute
),

waiting as (
    -- Jobs whose waits are known, as intervals: in the queue from eligible to started, or to beyond this moment.
    select
        a.scope,
        a.system,
        a.queue,
        a.eligible_at as from_at,
        a.started_at as to_at
    from attempts as a
    where a.queue is not null and a.eligible_at is not null and a.started_at > a.eligible_at
    union all
    select
        j.scope,
        j.system,
        j.queue,
        j.eligible_at,
        $as_of + interval 1 minute
    from jobs as j
    where j.queue is not null and j.state = 'queued' and j.attempts = 0 and j.eligible_at <= $as_of
),

changes as (
    select
        scope,
        system,
        queue,
        changed_at,
        sum(change) as change
    from (
        select
            scope,
            system,
            queue,
            from_at as changed_at,
            1 as change
        from waiting
        union all
        select
            scope,
            system,
            queue,
            to_at,
            -1
        from waiting
    )
    group by scope, system, queue, changed_at
),

levels as (
    select
        scope,
        system,
        queue,
        changed_at,
        cast(sum(change) over queue_time as bigint) as depth,
        lead(changed_at) over queue_time as next_at
    from changes
    window queue_time as (partition by scope, system, queue order by changed_at)
),

eldest as (
    -- The oldest job waiting at any moment is one that no job which came before it outlasted.
    select
        scope,
        system,
        queue,
        from_at,
        to_at
    from waiting
    qualify
        to_at > coalesce(max(to_at) over (
            partition by scope, system, queue
            order by from_at asc, to_at desc rows between unbounded preceding and 1 preceding
        ), from_at)
),

minutes as (
    select
        scope,
        system,
        queue,
        minute
    from arrivals
    union
    select
        scope,
        system,
        queue,
        minute
    from starts
    union
    select
        scope,
        system,
        queue,
        minute
    from ends
    union
    select
        scope,
        system,
        queue,
        minute
    from looks
    union
    -- And those in which nothing happened while jobs waited: of more than a day, at most 1,440 at equal distances.
    select
        scope,
        system,
        queue,
        unnest(
            generate_series(
                date_trunc('minute', changed_at),
                date_trunc('minute', least(next_at, $as_of)),
                to_minutes(greatest(1, cast(ceil(date_diff('minute', changed_at, least(next_at, $as_of)) / 1440) as bigint)))
            )
        )
    from levels
    where depth > 0
),

ended_minutes as (
    select
        *,
        minute + interval 1 minute as over_at
    from minutes
),

depths as (
    select
        m.scope,
        m.system,
        m.queue,
        m.minute,
        l.depth,
        case when l.depth > 0 and e.from_at <= m.over_at then seconds_between(e.from_at, m.over_at) end as oldest_wait
    from ended_minutes as m
    asof inner join levels as l
        on m.scope = l.scope and m.system = l.system and m.queue = l.queue and m.over_at >= l.changed_at
    asof left join eldest as e
        on m.scope = e.scope and m.system = e.system and m.queue = e.queue and m.over_at < e.to_at
),

queues_with_enqueues as (
    select distinct
        scope,
        system,
        queue
    from arrivals
)

select
    m.scope,
    m.system,
    m.queue,
    m.minute,
    coalesce(a.arrivals, 0) as arrivals,
    coalesce(s.starts, 0) as starts,
    coalesce(s.first_starts, 0) as first_starts,
    coalesce(s.retries, 0) as retries,
    coalesce(e.completions, 0) as completions,
    coalesce(e.failures, 0) as failures,
    s.wait_max,
    s.wait_median,
    e.run_median,
    case when known.queue is not null then coalesce(d.depth, 0) end as depth,
    l.depth_snapshot,
    coalesce(greatest(l.oldest_wait, d.oldest_wait), l.oldest_wait, d.oldest_wait) as oldest_wait,
    l.paused
from minutes as m
left join arrivals as a on m.scope = a.scope and m.system = a.system and m.queue = a.queue and m.minute = a.minute
left join starts as s on m.scope = s.scope and m.system = s.system and m.queue = s.queue and m.minute = s.minute
left join ends as e on m.scope = e.scope and m.system = e.system and m.queue = e.queue and m.minute = e.minute
left join looks as l on m.scope = l.scope and m.system = l.system and m.queue = l.queue and m.minute = l.minute
left join depths as d on m.scope = d.scope and m.system = d.system and m.queue = d.queue and m.minute = d.minute
left join queues_with_enqueues as known
    on m.scope = known.scope and m.system = known.system and m.queue = known.queue
order by m.scope, m.system, m.queue, m.minute;
