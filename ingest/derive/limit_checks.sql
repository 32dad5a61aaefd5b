-- Limits that people declare or jobs carry, held against the runs of the classes and queues that they are about.
insert into limit_checks by name
with carried as (
    -- RQ tells with each job how long it may run, sidekiq-unique-jobs how long its lock lasts.
    select
        s.scope,
        s.system,
        'time_limit' as kind,
        j.queue,
        j.job_class,
        try_cast(j.attributes ->> '$.timeout' as double) as seconds,
        j.source_id
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    where s.system = 'rq'
    union all
    select
        scope,
        system,
        'time_limit',
        queue,
        job_class,
        try_cast(attributes ->> '$.timeout' as double),
        source_id
    from told_events
    where system = 'rq' and event = 'enqueued'
    union all
    select
        s.scope,
        s.system,
        'lock_ttl',
        j.queue,
        j.job_class,
        try_cast(j.attributes ->> '$.lock_ttl' as double),
        j.source_id
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    where s.system = 'sidekiq'
),

limits as (
    select
        nullif(scope, '') as scope,
        system,
        kind,
        queue,
        job_class,
        seconds,
        'declared' as basis,
        source_id,
        line_no
    from declared
    where kind in ('time_limit', 'visibility_timeout', 'lock_ttl')
    union all
    select
        scope,
        system,
        kind,
        queue,
        job_class,
        max(seconds),
        'payload',
        min(source_id),
        null
    from carried
    where seconds is not null and job_class is not null
    group by scope, system, kind, queue, job_class
    having min(seconds) > 0 -- RQ writes -1 where a job may run for ever
),

kinds_of_work as (
    select distinct
        scope,
        system,
        job_class,
        queue
    from attempts
),

applied as (
    -- Of several limits of a kind the one that is about the least holds, and of two of the same what the job carries.
    select
        w.*,
        l.kind,
        l.seconds,
        -- A worker takes a moment to end a run.
        l.seconds + case when l.kind = 'time_limit' then 1 + l.seconds / 10 else 0 end as bar,
        l.basis,
        l.job_class as limit_class,
        l.queue as limit_queue,
        l.source_id,
        l.line_no
    from kinds_of_work as w
    inner join limits as l
        on
            coalesce(w.scope = l.scope, true) and coalesce(w.system = l.system, true)
            and (l.job_class is null or w.job_class = l.job_class) and (l.queue is null or w.queue = l.queue)
    qualify row_number() over (
        partition by w.scope, w.system, w.job_class, w.queue, l.kind
        order by
            l.job_class is null, l.queue is null, l.system is null, l.scope is null, l.basis desc, l.source_id desc,
            l.line_no desc, l.seconds asc
    ) = 1
),

limited as (
    select distinct
        scope,
        system,
        job_class,
        queue
    from applied
),

runs as (
    select
        a.scope,
        a.system,
        a.job_class,
        a.queue,
        a.started_at,
        coalesce(
            a.run,
            case
                when a.state = 'running' and a.worker_state = 'alive'
                    then date_diff('microsecond', a.started_at, $as_of::timestamp) / 1e6
            end
        ) as run,
        lead(a.started_at) over (partition by a.job_key order by a.attempt) as next_at
    from attempts as a
    inner join limited as l
        on
            a.scope = l.scope and a.system = l.system and a.job_class is not distinct from l.job_class
            and a.queue is not distinct from l.queue
),

held as (
    select
        l.scope,
        l.system,
        l.job_class,
        l.queue,
        l.kind,
        r.started_at,
        r.run,
        r.run > l.bar as is_over,
        coalesce(r.next_at < r.started_at + to_microseconds(cast(r.run * 1e6 as bigint)), false) as is_again
    from applied as l
    inner join runs as r
        on
            l.scope = r.scope and l.system = r.system and l.job_class is not distinct from r.job_class
            and l.queue is not distinct from r.queue
    where r.run is not null
),

counted as (
    select
        scope,
        system,
        job_class,
        queue,
        kind,
        count(*) as runs,
        count(*) filter (is_over) as runs_over,
        count(*) filter (is_over and is_again) as handed_out_again,
        max(run) as longest,
        min(started_at) filter (is_over) as first_over_at,
        max(started_at) filter (is_over) as last_over_at
    from held
    group by scope, system, job_class, queue, kind
)

select
    l.scope,
    l.system,
    l.job_class,
    l.queue,
    l.kind,
    l.seconds,
    l.bar,
    l.basis,
    t.seconds as time_limit,
    coalesce(t.limit_class, case when t.kind is null then l.limit_class end) as limit_class,
    coalesce(t.limit_queue, l.limit_queue) as limit_queue,
    coalesce(c.runs, 0) as runs,
    coalesce(c.runs_over, 0) as runs_over,
    coalesce(c.handed_out_again, 0) as handed_out_again,
    c.longest,
    c.first_over_at,
    c.last_over_at,
    l.source_id,
    l.line_no
from applied as l
left join applied as t
    on
        l.kind <> 'time_limit' and t.kind = 'time_limit' and l.scope = t.scope and l.system = t.system
        and l.job_class is not distinct from t.job_class and l.queue is not distinct from t.queue
left join counted as c
    on
        l.scope = c.scope and l.system = c.system and l.job_class is not distinct from c.job_class
        and l.queue is not distinct from c.queue and l.kind = c.kind
order by l.scope, l.system, l.job_class nulls first, l.queue nulls first, l.kind;
