-- Locks whose holder is nowhere that it could work from, and the jobs that they refused since.
with left_behind as (
    select *
    from held_locks
    where
        missing_since is not null
        and not outlives_holder
        and case
            -- Its end was seen: then the lock should have been given back soon after.
            when holder_ended_at is not null then seen_at - holder_ended_at > $release_within
            -- It was not: then two snapshots must agree that it is nowhere.
            else looks >= 2 and seen_at - missing_since >= $apart
        end
),

refused as (
    select
        l.scope,
        l.lock,
        c.job_key,
        c.job_id,
        min(c.refused_at) as refused_at
    from lock_conflicts as c
    inner join (
        select
            scope,
            lock,
            min(idle_since) as idle_since
        from left_behind
        group by scope, lock
    ) as l on c.scope = l.scope and c.lock = l.lock
    where c.refused_at - l.idle_since > $release_within
    group by l.scope, l.lock, c.job_key, c.job_id
)

select
    case when r.lock is null then l.holder_key else r.job_key end as job_key,
    -- Of a holder that no input shows only the lock tells the id.
    case
        when r.lock is not null then r.job_id
        when l.holder_key is not null then l.holder_id
    end as job_id,
    null as attempt,
    l.scope,
    l.system,
    l.job_class,
    l.kind,
    l.lock,
    l.holder_id,
    l.holder_end,
    l.expires_at,
    l.seen_at,
    l.looks,
    l.is_cut_short,
    l.waiting,
    date_diff('microsecond', l.idle_since, l.seen_at) / 1e6 as idle_for,
    case when r.lock is not null then 'jobs refused' when l.waiting > 0 then 'jobs waiting' else 'none yet' end as effect,
    l.source_id,
    l.line_no,
    l.idle_since as first_at,
    case when r.refused_at > l.seen_at then r.refused_at else l.seen_at end as last_at
from left_behind as l
left join refused as r on l.scope = r.scope and l.lock = r.lock
-- One that was given back all the same, and refused nobody meanwhile, did no harm.
where l.gone_by is null or r.lock is not null
order by l.idle_since, l.lock, l.holder_id, r.refused_at, r.job_key, r.job_id
