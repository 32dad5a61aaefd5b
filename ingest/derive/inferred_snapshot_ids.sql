-- Which life of a job without an id each place in a snapshot holds. What runs or failed is the run of that worker and
-- time; of what waits, the first is the next run seen later, and the rest are jobs that no log has seen yet.
insert into inferred_snapshot_ids by name
with looked as (
    select
        s.scope,
        s.system,
        s.taken_at,
        j.source_id,
        j.snapshot_id,
        j.held_in,
        j.queue,
        j.position,
        j.worker,
        j.pid,
        j.job_class,
        j.arguments_digest,
        coalesce(j.started_at, j.failed_at) as happened_at
    from snapshot_jobs as j
    inner join snapshots as s on j.source_id = s.source_id and j.snapshot_id = s.snapshot_id
    where j.job_id is null
),

known as (
    select
        scope,
        system,
        job_class,
        arguments_digest,
        max(life) as lives,
        bool_or(identity = 'ambiguous') as is_ambiguous
    from nameless_runs
    group by scope, system, job_class, arguments_digest
),

held as (
    -- Of what runs or failed: that worker's run at that time, else the last run before, else any without a time.
    select
        l.*,
        r.life
    from looked as l
    inner join nameless_runs as r
        on
            l.scope = r.scope and l.system = r.system
            and l.job_class is not distinct from r.job_class
            and l.arguments_digest is not distinct from r.arguments_digest
    where
        l.held_in in ('running', 'failed')
        and coalesce(r.seen_at <= l.happened_at + interval 2 second, true)
        and (l.held_in = 'failed' or r.outcome is distinct from 'succeeded' or coalesce(r.ended_at >= l.taken_at - interval 1 second, true))
    qualify row_number() over (
        partition by l.source_id, l.snapshot_id, l.held_in, l.queue, l.position, l.worker
        order by
            case
                when
                    r.worker_pid = l.pid
                    and abs(seconds_between(case when l.held_in = 'failed' then r.ended_at else r.seen_at end, l.happened_at)) <= 2
                    and (l.held_in = 'running' or r.outcome = 'failed') then 0
                when r.seen_at is null and r.outcome is distinct from 'succeeded' then 1
                else 2
            end asc,
            r.seen_at desc nulls last, r.life desc, r.log_name asc, r.place asc
    ) = 1
),

waiting as (
    select
        *,
        row_number() over (
            partition by source_id, snapshot_id, job_class, arguments_digest
            order by case held_in when 'queued' then 1 else 2 end, queue, position
        ) as turn
    from looked
    where held_in not in ('running', 'failed')
),

to_come as (
    select
        w.source_id,
        w.snapshot_id,
        w.job_class,
        w.arguments_digest,
        r.life,
        row_number() over (
            partition by w.source_id, w.snapshot_id, w.job_class, w.arguments_digest
            order by r.seen_at nulls last, r.log_name, r.place
        ) as turn
    from waiting as w
    inner join nameless_runs as r
        on
            w.scope = r.scope and w.system = r.system
            and w.job_class is not distinct from r.job_class
            and w.arguments_digest is not distinct from r.arguments_digest
    where w.turn = 1 and coalesce(r.seen_at >= date_trunc('second', w.taken_at), true)
),

open_lives as (
    -- What failed last and was not seen to succeed: what waits now is its retry.
    select
        w.source_id,
        w.snapshot_id,
        w.job_class,
        w.arguments_digest,
        max_by(r.life, (r.seen_at, r.life)) as life,
        max_by(r.outcome, (r.seen_at, r.life)) as outcome
    from waiting as w
    inner join nameless_runs as r
        on
            w.scope = r.scope and w.system = r.system
            and w.job_class is not distinct from r.job_class
            and w.arguments_digest is not distinct from r.arguments_digest
    where w.turn = 1 and r.seen_at < date_trunc('second', w.taken_at)
    group by w.source_id, w.snapshot_id, w.job_class, w.arguments_digest
    having max_by(r.outcome, (r.seen_at, r.life)) = 'failed'
),

counted as (
    select
        source_id,
        snapshot_id,
        job_class,
        arguments_digest,
        max(turn) as runs
    from to_come
    group by source_id, snapshot_id, job_class, arguments_digest
),

placed as (
    select
        w.*,
        coalesce(
            c.life,
            case when w.turn - coalesce(n.runs, 0) = 1 then o.life end,
            coalesce(k.lives, 0) + w.turn - coalesce(n.runs, 0) - case when o.life is null then 0 else 1 end
        ) as life,
        max(w.turn) over (partition by w.job_class, w.arguments_digest) > 1 as is_doubtful
    from waiting as w
    left join to_come as c
        on
            w.source_id = c.source_id and w.snapshot_id = c.snapshot_id and w.turn = c.turn
            and w.job_class is not distinct from c.job_class and w.arguments_digest is not distinct from c.arguments_digest
    left join counted as n
        on
            w.source_id = n.source_id and w.snapshot_id = n.snapshot_id
            and w.job_class is not distinct from n.job_class and w.arguments_digest is not distinct from n.arguments_digest
    left join open_lives as o
        on
            w.source_id = o.source_id and w.snapshot_id = o.snapshot_id
            and w.job_class is not distinct from o.job_class and w.arguments_digest is not distinct from o.arguments_digest
    left join known as k
        on
            w.scope = k.scope and w.system = k.system
            and w.job_class is not distinct from k.job_class and w.arguments_digest is not distinct from k.arguments_digest
),

unlogged as (
    -- What runs or failed and no log knows: each start is a job of its own, all failures are one job's.
    select
        l.*,
        coalesce(k.lives, 0) + case
            when l.held_in = 'failed' then 1
            else dense_rank() over (
                partition by l.scope, l.system, l.held_in, l.job_class, l.arguments_digest order by l.happened_at, l.worker
            )
        end as life
    from looked as l
    left join held as h
        on
            l.source_id = h.source_id and l.snapshot_id = h.snapshot_id and l.held_in = h.held_in
            and l.queue is not distinct from h.queue and l.position is not distinct from h.position
            and l.worker is not distinct from h.worker
    left join known as k
        on
            l.scope = k.scope and l.system = k.system
            and l.job_class is not distinct from k.job_class and l.arguments_digest is not distinct from k.arguments_digest
    where l.held_in in ('running', 'failed') and h.source_id is null
),

told as (
    select
        *,
        false as is_doubtful
    from held
    union all by name
    select
        *,
        false as is_doubtful
    from unlogged
    union all by name
    select * exclude (turn) from placed
)

select
    t.source_id,
    t.snapshot_id,
    t.held_in,
    t.queue,
    t.position,
    t.worker,
    nameless_id_of(t.job_class, t.arguments_digest, t.life) as job_id,
    case when t.is_doubtful or coalesce(k.is_ambiguous, false) then 'ambiguous' else 'inferred' end as identity,
    exists(
        select 1 from nameless_runs as r
        where
            r.scope = t.scope and r.system = t.system and r.job_class is not distinct from t.job_class
            and r.arguments_digest is not distinct from t.arguments_digest and r.life = t.life
            and r.outcome = 'failed' and coalesce(r.seen_at <= t.taken_at, true)
    ) as has_failed
from told as t
left join known as k
    on
        t.scope = k.scope and t.system = k.system
        and t.job_class is not distinct from k.job_class and t.arguments_digest is not distinct from k.arguments_digest
order by t.source_id, t.snapshot_id, t.held_in, t.queue, t.position, t.worker;
