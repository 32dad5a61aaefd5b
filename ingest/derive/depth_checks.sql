-- Whether what logs tell of a queue between two snapshots adds up to what the second one holds. Only jobs that went
-- straight onto their queue and wait for their first run are counted: of the others hardly any system logs when they come.
insert into depth_checks by name
with put_off as (
    select distinct job_key
    from attempt_evidence
    where event in ('scheduled', 'retry', 'retry_scheduled')
),

own_words as (
    select
        job_key,
        min(seen_at) filter (event in ('enqueued', 'enqueue')) as enqueued_at,
        min(seen_at) filter (event in ('started', 'run')) as started_at
    from attempt_evidence
    where kind <> 'snapshot'
    group by job_key
),

counted as (
    select
        j.job_key,
        j.scope,
        j.system,
        j.queue,
        coalesce(w.enqueued_at, j.enqueued_at) as enqueued_at,
        w.enqueued_at as enqueue_told_at,
        coalesce(j.first_started_at, w.started_at) as first_started_at
    from jobs as j
    left join own_words as w on j.job_key = w.job_key
    left join put_off as p on j.job_key = p.job_key
    where p.job_key is null and j.queue is not null
),

told as (
    -- From when to when logs or spans tell of both ends of a wait, where they tell of both ends of nearly all.
    select
        scope,
        system,
        queue,
        greatest(min(enqueue_told_at), min(first_started_at)) as from_at,
        least(max(enqueue_told_at), max(first_started_at)) as to_at
    from counted
    group by scope, system, queue
    having
        count(*) filter (first_started_at is not null and enqueue_told_at is not null)
        >= 0.8 * count(*) filter (first_started_at is not null)
),

looks as (
    select
        s.snapshot_id,
        s.scope,
        s.system,
        s.taken_at,
        s.source_id,
        s.line_no,
        q.queue,
        q.depth
    from snapshot_queues as q
    inner join snapshots as s on q.snapshot_id = s.snapshot_id
),

listed as (
    select
        l.snapshot_id,
        l.queue,
        count(*) as jobs,
        count(*) filter (c.job_key is not null and coalesce(c.first_started_at > l.taken_at, true)) as waiting
    from looks as l
    inner join told_snapshot_jobs as j
        on l.snapshot_id = j.snapshot_id and l.queue = j.queue and j.held_in = 'queued'
    inner join job_keys as k on l.scope = k.scope and l.system = k.seen_system and j.job_id = k.id
    left join counted as c on k.job_key = c.job_key
    group by l.snapshot_id, l.queue
),

paired as (
    -- A snapshot that does not name each job it counts cannot be compared.
    select
        l.*,
        coalesce(n.waiting, 0) as waiting,
        coalesce(n.jobs, 0) = l.depth as is_complete,
        lead(l.taken_at) over one_queue as to_at,
        lead(coalesce(n.waiting, 0)) over one_queue as waiting_to,
        lead(coalesce(n.jobs, 0) = l.depth) over one_queue as is_complete_to,
        lead(l.source_id) over one_queue as next_source_id,
        lead(l.line_no) over one_queue as next_line_no
    from looks as l
    left join listed as n on l.snapshot_id = n.snapshot_id and l.queue = n.queue
    window one_queue as (partition by l.scope, l.system, l.queue order by l.taken_at, l.snapshot_id)
),

comparable as (
    select p.*
    from paired as p
    inner join told as t on p.scope = t.scope and p.system = t.system and p.queue = t.queue
    where p.is_complete and p.is_complete_to and p.taken_at >= t.from_at and p.to_at <= t.to_at and p.to_at > p.taken_at
),

comings as (
    select
        p.snapshot_id,
        p.queue,
        count(*) as came,
        count(*) filter (
            c.enqueued_at < p.taken_at + interval 10 second or c.enqueued_at > p.to_at - interval 10 second
        ) as at_edges
    from counted as c
    asof inner join comparable as p
        on c.scope = p.scope and c.system = p.system and c.queue = p.queue and c.enqueued_at > p.taken_at
    where c.enqueued_at <= p.to_at
    group by p.snapshot_id, p.queue
),

beginnings as (
    select
        p.snapshot_id,
        p.queue,
        count(*) as began,
        count(*) filter (
            c.first_started_at < p.taken_at + interval 10 second or c.first_started_at > p.to_at - interval 10 second
        ) as at_edges
    from counted as c
    asof inner join comparable as p
        on c.scope = p.scope and c.system = p.system and c.queue = p.queue and c.first_started_at > p.taken_at
    where c.first_started_at <= p.to_at
    group by p.snapshot_id, p.queue
),

added as (
    select
        p.*,
        coalesce(c.came, 0) as came,
        coalesce(b.began, 0) as began,
        coalesce(c.at_edges, 0) + coalesce(b.at_edges, 0) as edges
    from comparable as p
    left join comings as c on p.snapshot_id = c.snapshot_id and p.queue = c.queue
    left join beginnings as b on p.snapshot_id = b.snapshot_id and p.queue = b.queue
)

select
    p.scope,
    p.system,
    p.queue,
    p.taken_at as from_at,
    p.to_at,
    p.waiting as depth_from,
    p.came,
    p.began,
    -- What is at the edge of one pair may be counted in the next one.
    p.edges + coalesce(lag(p.edges) over one_queue, 0) + coalesce(lead(p.edges) over one_queue, 0) as at_edges,
    p.waiting + p.came - p.began as expected,
    p.waiting_to as depth_to,
    p.source_id,
    p.line_no,
    p.next_source_id,
    p.next_line_no
from added as p
window one_queue as (partition by p.scope, p.system, p.queue order by p.taken_at)
order by p.scope, p.system, p.queue, p.taken_at;
