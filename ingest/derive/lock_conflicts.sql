-- Jobs that a lock kept from their queue, each with the last job known to have held that lock.
insert into lock_conflicts by name
with refused as (
    select
        e.scope,
        e.system,
        k.job_key,
        e.job_id,
        e.job_class,
        e.arguments_digest,
        coalesce(
            e.attributes ->> '$.concurrency_key', e.attributes ->> '$.lock_digest', e.attributes ->> '$.lock',
            nullif(regexp_extract(e.message, 'lock_digest: \(([^)]+)\)', 1), '')
        ) as lock,
        coalesce(e.attributes ->> '$.until_expired' is not null, false) as outlives_holder,
        e.occurred_at as refused_at,
        e.source_id,
        e.line_no,
        e.record_no
    from told_events as e
    left join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    where e.event = 'lock_conflict'
),

locks as (
    select distinct
        scope,
        lock
    from refused
    where lock is not null
),

carriers as (
    -- Who names a lock on a line or in a snapshot has it, or waits for it. Only those that were not refused count below.
    select
        e.scope,
        e.system,
        e.job_id,
        e.attributes
    from told_events as e
    where e.event <> 'lock_conflict' and e.job_id is not null and e.attributes is not null
    union all
    select
        scope,
        system,
        job_id,
        attributes
    from log_lines
    where job_id is not null and attributes is not null
    union all
    select
        s.scope,
        s.system,
        j.job_id,
        j.attributes
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    where j.job_id is not null and j.attributes is not null
),

held as (
    select
        s.scope,
        n.lock,
        k.job_key
    from snapshot_locks as n
    inner join snapshots as s on n.snapshot_id = s.snapshot_id
    inner join locks as l on s.scope = l.scope and n.lock = l.lock
    inner join job_keys as k on s.scope = k.scope and s.system = k.seen_system and n.holder_id = k.id
    union
    select
        l.scope,
        l.lock,
        k.job_key
    from carriers as c
    inner join job_keys as k on c.scope = k.scope and c.system = k.seen_system and c.job_id = k.id
    inner join locks as l
        on
            c.scope = l.scope
            and l.lock in (
                c.attributes ->> '$.concurrency_key', c.attributes ->> '$.lock_digest', c.attributes ->> '$.lock',
                c.attributes ->> '$.until_executed', c.attributes ->> '$.until_executing',
                c.attributes ->> '$.until_and_while_executing', c.attributes ->> '$.until_expired'
            )
),

last_runs as (
    select
        job_key,
        worker_state,
        coalesce(worker_seen_at, last_seen_at) as seen_at
    from attempts
    qualify row_number() over (partition by job_key order by attempt desc) = 1
),

lives as (
    select
        j.job_key,
        j.job_id,
        j.scope,
        j.job_class,
        j.arguments_digest,
        coalesce(j.enqueued_at, j.first_started_at, j.first_seen_at) as came_at,
        -- When it last began: of a job that only a later line shows, the sighting.
        coalesce(j.first_started_at, j.enqueued_at, j.first_seen_at) as worked_at,
        case
            when j.state in ('succeeded', 'failed', 'discarded') then j.finished_at
            when j.state = 'running' and r.worker_state = 'gone' then r.seen_at
        end as ended_at,
        case
            when j.state in ('succeeded', 'failed', 'discarded') then j.state
            when j.state = 'running' and r.worker_state = 'gone' then 'died with its worker'
        end as ending
    from jobs as j
    left join last_runs as r on j.job_key = r.job_key
    where coalesce(j.enqueued_at, j.first_started_at) is not null or j.state not in ('unknown', 'discarded')
),

rivals as (
    select
        r.source_id,
        r.line_no,
        r.record_no,
        r.refused_at,
        l.*,
        'lock' as basis
    from refused as r
    inner join held as h on r.scope = h.scope and r.lock = h.lock
    inner join lives as l on h.job_key = l.job_key
    where r.job_key is null or r.job_key <> l.job_key
    union all
    select
        r.source_id,
        r.line_no,
        r.record_no,
        r.refused_at,
        l.*,
        'arguments' as basis
    from refused as r
    inner join lives as l
        on r.scope = l.scope and r.job_class = l.job_class and r.arguments_digest = l.arguments_digest
    where
        (r.job_key is null or r.job_key <> l.job_key)
        and not exists (
            select 1 from held as h
            where h.scope = r.scope and h.lock = r.lock
        )
),

holders as (
    -- One that could still hold it comes first, then the one that ended last.
    select * from rivals
    where came_at <= refused_at
    qualify row_number() over (
        partition by source_id, line_no, record_no
        order by coalesce(ended_at >= refused_at, true) desc, ended_at desc nulls last, came_at desc, job_key asc
    ) = 1
),

followers as (
    select
        source_id,
        line_no,
        record_no,
        min(case when came_at > refused_at then came_at else worked_at end) as next_at
    from rivals
    where came_at > refused_at or worked_at > refused_at
    group by source_id, line_no, record_no
)

select
    r.scope,
    r.system,
    r.job_key,
    r.job_id,
    coalesce(r.job_class, h.job_class) as job_class,
    r.lock,
    r.outlives_holder,
    r.refused_at,
    h.job_key as holder_key,
    h.job_id as holder_id,
    h.basis as holder_basis,
    case when h.ended_at < r.refused_at then h.ended_at end as holder_ended_at,
    case when h.ended_at < r.refused_at then h.ending end as holder_end,
    f.next_at,
    r.source_id,
    r.line_no,
    r.record_no
from refused as r
left join holders as h on r.source_id = h.source_id and r.line_no = h.line_no and r.record_no = h.record_no
left join followers as f on r.source_id = f.source_id and r.line_no = f.line_no and r.record_no = f.record_no
order by r.refused_at, r.source_id, r.line_no, r.record_no;
