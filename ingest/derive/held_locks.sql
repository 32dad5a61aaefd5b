-- Locks that snapshots show, each held against what the same snapshots and the logs say of the job that holds it.
insert into held_locks by name
with shown as (
    select
        s.scope,
        s.system,
        s.taken_at,
        s.source_id,
        s.line_no,
        s.record_no,
        l.* exclude (source_id)
    from snapshot_locks as l
    inner join snapshots as s on l.snapshot_id = s.snapshot_id
),

shown_snapshots as (
    select distinct
        snapshot_id,
        scope,
        system,
        taken_at
    from shown
),

places as (
    -- A job that is given up is nowhere that it could run from. One that waits for a lock does not hold it.
    select
        j.snapshot_id,
        j.job_id,
        j.provider_job_id,
        j.held_in,
        j.queue,
        j.died_at,
        j.attributes ->> '$.concurrency_key' as lock,
        coalesce(j.attributes ->> '$.lock_digest', j.attributes ->> '$.concurrency_key') as named_lock,
        j.attributes ->> '$.lock' as kind,
        j.job_class,
        j.attributes ->> '$.blocked_execution' is not null as waits
    from told_snapshot_jobs as j
    where j.snapshot_id in (select snapshot_id from shown)
),

present as (
    select distinct
        snapshot_id,
        unnest([job_id, provider_job_id]) as holder_id
    from places
    where held_in not in ('dead', 'failed') and not waits
),

busy as (
    select distinct
        snapshot_id,
        lock
    from places
    where lock is not null and held_in in ('queued', 'running')
),

waiting as (
    select
        snapshot_id,
        lock,
        count(*) as jobs
    from places
    where lock is not null and waits
    group by snapshot_id, lock
),

counts as (
    -- What each snapshot counts, and how much of that it lists.
    select
        q.snapshot_id,
        q.queue,
        q.depth,
        count(p.job_id) as listed
    from snapshot_queues as q
    left join places as p on q.snapshot_id = p.snapshot_id and q.queue = p.queue and p.held_in = 'queued'
    where q.snapshot_id in (select snapshot_id from shown)
    group by q.snapshot_id, q.queue, q.depth
),

workers_seen as (
    select
        snapshot_id,
        sum(coalesce(busy, 0)) as busy
    from snapshot_processes
    where snapshot_id in (select snapshot_id from shown)
    group by snapshot_id
),

running as (
    select
        snapshot_id,
        count(*) as jobs
    from places
    where held_in = 'running'
    group by snapshot_id
),

putting_off as (
    select
        h.scope,
        h.system,
        bool_or(p.held_in in ('scheduled', 'retry')) as is_shown
    from places as p
    inner join shown_snapshots as h on p.snapshot_id = h.snapshot_id
    group by h.scope, h.system
),

cut as (
    select snapshot_id
    from counts
    where listed < depth
),

looks as (
    select
        s.snapshot_id,
        -- Without a list of the workers and of what they run nobody is said to be nowhere.
        coalesce(w.busy <= coalesce(r.jobs, 0), false) as shows_runs,
        s.snapshot_id in (select snapshot_id from cut) as is_cut
    from shown_snapshots as s
    left join workers_seen as w on s.snapshot_id = w.snapshot_id
    left join running as r on s.snapshot_id = r.snapshot_id
),

last_runs as (
    select
        job_key,
        worker_state,
        coalesce(worker_seen_at, last_seen_at) as seen_at
    from attempts
    qualify row_number() over (partition by job_key order by attempt desc) = 1
),

unnamed as (
    select distinct
        scope,
        system,
        lock
    from shown
    where holder_id is null
),

carriers as (
    -- Where a lock names no holder: the jobs of its key.
    select
        u.scope,
        u.system,
        u.lock,
        e.job_id
    from told_events as e
    inner join unnamed as u
        on e.scope = u.scope and e.system = u.system and e.attributes ->> '$.concurrency_key' = u.lock
    union
    select
        u.scope,
        u.system,
        u.lock,
        p.job_id
    from places as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    inner join unnamed as u on s.scope = u.scope and s.system = u.system and p.lock = u.lock
    where not p.waits
),

named as (
    select distinct
        scope,
        system,
        lock,
        holder_id,
        holder_id as told_id
    from shown
    where holder_id is not null
    union all
    select
        scope,
        system,
        lock,
        null,
        job_id
    from carriers
),

deaths as (
    -- When it was given up, which of a job that only snapshots show is not when it was last seen.
    select
        s.scope,
        s.system,
        p.job_id,
        max(p.died_at) as died_at
    from places as p
    inner join shown_snapshots as s on p.snapshot_id = s.snapshot_id
    where p.died_at is not null
    group by s.scope, s.system, p.job_id
),

known as (
    select
        n.*,
        k.job_key
    from named as n
    inner join job_keys as k on n.scope = k.scope and n.system = k.seen_system and n.told_id = k.id
    union
    select
        n.*,
        j.job_key
    from named as n
    inner join jobs as j on n.scope = j.scope and n.system = j.system and n.told_id = j.provider_job_id
),

holders as (
    select
        n.scope,
        n.system,
        n.lock,
        n.holder_id,
        j.job_key,
        j.job_id,
        j.job_class,
        j.last_seen_at,
        case
            when j.state = 'failed' and d.died_at < j.finished_at then d.died_at
            when j.state in ('succeeded', 'failed', 'discarded') then j.finished_at
            when j.state = 'running' and r.worker_state = 'gone' then r.seen_at
        end as ended_at,
        case
            when j.state in ('succeeded', 'failed', 'discarded') then j.state
            when j.state = 'running' and r.worker_state = 'gone' then 'died with its worker'
        end as ending
    from known as n
    inner join jobs as j on n.job_key = j.job_key
    left join last_runs as r on j.job_key = r.job_key
    left join deaths as d on j.scope = d.scope and j.system = d.system and j.job_id = d.job_id
    qualify row_number() over (
        partition by n.scope, n.system, n.lock, n.holder_id
        order by coalesce(ended_at, j.last_seen_at) desc nulls last, j.job_key asc
    ) = 1
),

words as (
    -- What a payload says of the lock that it names.
    select
        s.scope,
        p.named_lock as lock,
        min(p.kind) as kind,
        min(p.job_class) as job_class
    from places as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    where p.named_lock is not null
    group by s.scope, p.named_lock
),

refusals as (
    select
        scope,
        lock,
        min(job_class) as job_class,
        bool_or(outlives_holder) as outlives_holder
    from lock_conflicts
    where lock is not null
    group by scope, lock
),

judged as (
    select
        s.*,
        h.job_key as holder_key,
        h.job_id,
        h.job_class as holder_class,
        h.ended_at,
        h.ending,
        h.last_seen_at,
        coalesce(k.is_cut, false)
        or (h.ended_at is null and not coalesce(o.is_shown, false)) as is_cut_short,
        k.shows_runs
        and p.holder_id is null
        and (s.holder_id is not null or b.lock is null)
        -- While a snapshot is taken others go on: what came or was seen after it began, it may have missed.
        and coalesce(s.held_since <= s.taken_at, true)
        and coalesce(coalesce(h.ended_at, h.last_seen_at) <= s.taken_at, true) as is_missing
    from shown as s
    inner join looks as k on s.snapshot_id = k.snapshot_id
    left join putting_off as o on s.scope = o.scope and s.system = o.system
    left join present as p on s.snapshot_id = p.snapshot_id and s.holder_id = p.holder_id
    left join busy as b on s.snapshot_id = b.snapshot_id and s.lock = b.lock
    left join holders as h
        on
            s.scope = h.scope and s.system = h.system and s.lock = h.lock
            and s.holder_id is not distinct from h.holder_id
),

ranked as (
    select
        *,
        row_number() over later_first as place,
        sum(case when is_missing then 0 else 1 end) over later_first as seen_since
    from judged
    window
        later_first as (
            partition by scope, system, lock, holder_id order by taken_at desc, snapshot_id desc
            rows between unbounded preceding and current row
        )
),

streaks as (
    select
        scope,
        system,
        lock,
        holder_id,
        min(taken_at) as missing_since,
        count(*) as looks,
        bool_or(is_cut_short) as is_cut_short
    from ranked
    where seen_since = 0
    group by scope, system, lock, holder_id
),

taken as (
    select
        scope,
        system,
        taken_at,
        lead(taken_at) over (partition by scope, system order by taken_at) as next_at
    from shown_snapshots
    group by scope, system, taken_at
)

select
    r.scope,
    r.system,
    r.lock,
    coalesce(r.kind, w.kind) as kind,
    coalesce(r.job_class, r.holder_class, w.job_class, f.job_class) as job_class,
    r.holder_key,
    coalesce(r.job_id, r.holder_id) as holder_id,
    r.held_since,
    r.expires_at,
    coalesce(
        coalesce(r.kind, w.kind) = 'until_expired', nullif(f.outlives_holder, false), r.expires_at is not null
    ) as outlives_holder,
    r.ended_at as holder_ended_at,
    r.ending as holder_end,
    case when z.looks is not null then coalesce(r.ended_at, r.last_seen_at, z.missing_since) end as idle_since,
    z.missing_since,
    r.taken_at as seen_at,
    coalesce(z.looks, 0) as looks,
    coalesce(z.is_cut_short, false) as is_cut_short,
    t.next_at as gone_by,
    coalesce(q.jobs, 0) as waiting,
    r.source_id,
    r.line_no,
    r.record_no
from ranked as r
left join streaks as z
    on
        r.scope = z.scope and r.system = z.system and r.lock = z.lock
        and r.holder_id is not distinct from z.holder_id
left join words as w on r.scope = w.scope and r.lock = w.lock
left join refusals as f on r.scope = f.scope and r.lock = f.lock
left join taken as t on r.scope = t.scope and r.system = t.system and r.taken_at = t.taken_at
left join waiting as q on r.snapshot_id = q.snapshot_id and r.lock = q.lock
where r.place = 1
order by r.scope, r.system, r.lock, r.holder_id nulls first;
