-- What the jobs of each finding have in common: how many have which class, queue and error, and which died with a worker.
with named as (
    select
        unnest($findings) as finding,
        unnest($scopes) as scope,
        unnest($systems) as system,
        unnest($jobs) as job_id
),

members as (
    select
        n.finding,
        j.scope,
        j.system,
        j.job_key,
        j.job_class,
        j.queue,
        j.error_class,
        j.error_fingerprint
    from jobs as j
    inner join named as n on j.scope = n.scope and j.system = n.system and j.job_id = n.job_id
),

traits as (
    select
        finding,
        'job_class' as trait,
        job_class as trait_value,
        job_key
    from members
    union all
    select
        finding,
        'queue',
        queue,
        job_key
    from members
    union all
    select
        finding,
        'error_class',
        error_class,
        job_key
    from members
    union all
    select
        finding,
        'error',
        error_fingerprint,
        job_key
    from members
    union all
    select distinct
        m.finding,
        'readers',
        r.pool,
        m.job_key
    from members as m
    inner join pool_queues as r on m.scope = r.scope and m.system = r.system and m.queue = r.queue
    union all
    select distinct
        m.finding,
        'worker',
        coalesce(w.worker, w.host || ':' || cast(w.pid as varchar), w.worker_key),
        m.job_key
    from members as m
    inner join attempts as a on m.job_key = a.job_key
    inner join workers as w on a.worker_key = w.worker_key
    where a.state = 'running' and a.worker_state = 'gone'
)

select
    t.finding,
    t.trait,
    t.trait_value,
    count(*) as jobs
from traits as t
where t.trait_value is not null
group by t.finding, t.trait, t.trait_value
order by t.finding, t.trait, t.trait_value
