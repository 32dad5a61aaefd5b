-- Every id that leads to a job.
insert into job_ids by name
select
    job_key,
    id,
    case when id = job_id then 'job_id' else 'provider_job_id' end as kind
from job_keys
union
select
    k.job_key,
    j.provider_job_id,
    'provider_job_id'
from (
    select
        scope,
        system,
        job_id,
        provider_job_id
    from told_events
    union
    select
        s.scope,
        s.system,
        j.job_id,
        j.provider_job_id
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
) as j
inner join job_keys as k on j.scope = k.scope and j.system = k.seen_system and j.job_id = k.id
where j.provider_job_id is not null and j.provider_job_id <> k.job_id
union
select
    k.job_key,
    t.backend_id,
    'provider_job_id'
from twin_ids as t
inner join job_keys as k on t.scope = k.scope and t.job_id = k.id
where not t.is_sure
union
select
    k.job_key,
    p.trace_id,
    'trace_id'
from spans as p
inner join job_keys as k on p.scope = k.scope and coalesce(p.system, 'otel') = k.seen_system and p.job_id = k.id
union
select
    job_key,
    idempotency_key,
    'idempotency_key'
from jobs
where idempotency_key is not null
order by job_key, kind, id;
