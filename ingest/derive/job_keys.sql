-- Which job each id means. An id that a record names beside a stable one is another name of that job.
create or replace temp table job_keys as
with ids as (
    select
        scope,
        system,
        job_id,
        provider_job_id,
        1 as kind_rank
    from told_events
    where job_id is not null
    union all
    select
        s.scope,
        s.system,
        j.job_id,
        j.provider_job_id,
        2
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    union all
    select
        scope,
        coalesce(system, 'otel'),
        job_id,
        provider_job_id,
        3
    from spans
    where job_id is not null
    union all
    select
        scope,
        system,
        job_id,
        null,
        4
    from log_lines
    where job_id is not null and system is not null
),

twins as (
    select *
    from twin_ids
    where
        (scope, backend_id) not in (
            select (scope, provider_job_id) from ids
            where provider_job_id is not null and provider_job_id <> job_id
        )
),

aliases as (
    -- A backend id of a dozen characters or more is unique whatever the system; a short one is not.
    select
        scope,
        provider_job_id as id,
        min(job_id) as job_id
    from ids
    where provider_job_id is not null and provider_job_id <> job_id and length(provider_job_id) >= 12
    group by scope, provider_job_id
    union all
    select
        scope,
        backend_id,
        job_id
    from twins
    where is_sure
),

backends as (
    -- The backend that a framework's job runs on, where that backend is among the inputs, too.
    select
        scope,
        job_id,
        lower(regexp_replace(min(attributes ->> '$.adapter'), '([a-z])([A-Z])', '\1_\2', 'g')) as system
    from told_events
    where system = 'active_job' and job_id is not null
    group by scope, job_id
    having system in (select i.system from ids as i) or system in (select s.system from snapshots as s)
),

named as (
    select distinct
        i.scope,
        i.system,
        i.job_id as id,
        coalesce(a.job_id, i.job_id) as job_id,
        i.kind_rank
    from ids as i
    left join aliases as a on i.scope = a.scope and i.job_id = a.id
    left join twins as t on i.scope = t.scope and i.job_id = t.backend_id and not t.is_sure
    where t.backend_id is null
),

owners as (
    -- Long ids are one job whatever system wrote them down: the most direct witness names the system.
    select
        scope,
        job_id,
        arg_min(system, (kind_rank, system)) as system
    from named
    where length(job_id) >= 12
    group by scope, job_id
)

select distinct
    n.scope,
    n.system as seen_system,
    n.id,
    n.job_id,
    coalesce(b.system, o.system, n.system) as system,
    job_key_of(n.scope, coalesce(b.system, o.system, n.system), n.job_id) as job_key
from named as n
left join backends as b on n.scope = b.scope and n.job_id = b.job_id
left join owners as o on n.scope = o.scope and n.job_id = o.job_id
order by n.scope, n.system, n.id;
