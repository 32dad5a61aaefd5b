-- What changed in the installation: what people marked, versions when they were first seen, settings of workers, their starts and ends.
insert into changes by name
with installations as (
    select distinct
        scope,
        system
    from jobs
),

marked as (
    -- A file that was read in two forms, or that grew and was read again, still tells of one change.
    select distinct
        i.scope,
        i.system,
        m.occurred_at as changed_at,
        coalesce(m.subject, '') as subject,
        m.kind || coalesce(' of ' || m.subject, '') || coalesce(', version ' || m.version, '')
        || coalesce(': ' || m.detail, '') as detail
    from marks as m
    inner join installations as i
        on (m.scope = '' or m.scope = i.scope) and (m.system is null or m.system = i.system)
    where m.occurred_at is not null and m.occurred_at <= $as_of
),

versions as (
    select
        scope,
        system,
        version,
        min(coalesce(booted_at, first_seen_at)) as changed_at
    from workers
    where version is not null
    group by scope, system, version
),

numbered_versions as (
    select
        *,
        lag(version) over (partition by scope, system order by changed_at, version) as version_before
    from versions
),

lives as (
    select
        scope,
        system,
        host,
        concurrency,
        array_to_string(list_sort(queues), ', ') as queues,
        coalesce(booted_at, first_seen_at) as began_at
    from workers
    where host is not null and coalesce(booted_at, first_seen_at) is not null
),

settings as (
    -- A host may have several services, each with settings of its own: only what comes up there later is a change.
    select
        l.scope,
        l.system,
        l.host,
        l.concurrency,
        l.queues,
        min(l.began_at) as changed_at
    from lives as l
    where l.concurrency is not null or l.queues is not null
    group by l.scope, l.system, l.host, l.concurrency, l.queues
    qualify min(l.began_at) > min(min(l.began_at)) over (partition by l.scope, l.system, l.host) + interval 5 minute
),

ends as (
    select
        scope,
        system,
        host,
        date_trunc('minute', stopped_at) as minute,
        min(stopped_at) as changed_at,
        count(*) as workers
    from workers
    where stopped_at is not null
    group by scope, system, host, date_trunc('minute', stopped_at)
),

starts as (
    select
        scope,
        system,
        host,
        date_trunc('minute', booted_at) as minute,
        min(booted_at) as changed_at,
        count(*) as workers
    from workers
    where booted_at is not null
    group by scope, system, host, date_trunc('minute', booted_at)
)

select
    scope,
    system,
    changed_at,
    'version' as kind,
    version as subject,
    'version ' || version || ' was first seen, after ' || version_before as detail,
    'version ' || version as brief
from numbered_versions
where version_before is not null
union all
select
    scope,
    system,
    changed_at,
    'settings',
    host,
    'for the first time a worker of ' || host
    || case when queues is null then ' ' else ' read ' || queues || case when concurrency is null then '' else ' and ' end end
    || case when concurrency is null then '' else 'ran ' || concurrency || ' jobs at once' end,
    'settings of workers on ' || host
from settings
union all
select
    scope,
    system,
    changed_at,
    'restart',
    coalesce(host, ''),
    case when workers = 1 then 'a worker' else workers || ' workers' end || ' started' || coalesce(' on ' || host, ''),
    'restart of workers on ' || coalesce(nullif(host, ''), 'an unknown host')
from starts
union all
select
    scope,
    system,
    changed_at,
    'shutdown',
    coalesce(host, ''),
    case when workers = 1 then 'a worker' else workers || ' workers' end || ' shut down' || coalesce(' on ' || host, ''),
    'shutdown of workers on ' || coalesce(nullif(host, ''), 'an unknown host')
from ends
union all
select
    scope,
    system,
    changed_at,
    'mark',
    subject,
    detail,
    detail
from marked
order by scope, system, changed_at, kind, subject, detail;
