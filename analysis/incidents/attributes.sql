-- Every value that the compared jobs carry, with how many of each side have it; a null value stands for any.
-- What a line or span says after the outcome is known is left out: it follows from the trouble.
with compared as (
    select
        unnest($job_keys) as job_key,
        unnest($bad) as is_bad
),

ran as (
    select
        c.job_key,
        a.queue,
        a.host,
        w.version,
        a.worker_key
    from compared as c
    inner join attempts as a on c.job_key = a.job_key
    left join workers as w on a.worker_key = w.worker_key
),

lines as (
    select
        c.job_key,
        e.event,
        e.host,
        e.version,
        e.service,
        e.environment,
        e.attributes
    from compared as c
    inner join attempt_evidence as v on c.job_key = v.job_key and v.evidence_table = 'job_events'
    inner join job_events as e on v.source_id = e.source_id and v.line_no = e.line_no and v.record_no = e.record_no
    where e.event in ('scheduled', 'enqueued', 'reserved', 'started')
),

traces as (
    select
        c.job_key,
        p.version,
        p.service,
        p.environment,
        p.attributes,
        p.resource
    from compared as c
    inner join attempt_evidence as v on c.job_key = v.job_key and v.evidence_table = 'spans'
    inner join spans as p on v.source_id = p.source_id and v.line_no = p.line_no and v.record_no = p.record_no
),

documents as (
    select
        c.job_key,
        'arguments' as prefix,
        j.arguments as document
    from compared as c
    inner join jobs as j on c.job_key = j.job_key
    union all
    select
        job_key,
        '',
        attributes
    from lines
    union all
    select
        job_key,
        '',
        attributes
    from traces
    union all
    select
        job_key,
        '',
        resource
    from traces
),

leaves as (
    select
        d.job_key,
        d.prefix || replace(substr(t.fullkey, case when d.prefix = '' then 3 else 2 end), '"', '') as name,
        left(t.atom ->> '$', 200) as attribute_value
    from documents as d, json_tree(d.document) as t
    where
        t.atom is not null and t.type <> 'NULL' and len(t.fullkey) <= 120
        -- Of a list only what stands at a fixed place.
        and not regexp_matches(t.fullkey, '\[\d\d+\]|\[\d+\].*\[')
        and not regexp_matches(lower(t.fullkey), 'exception|error|status|retr|attempt|duration|elapsed|outcome|backtrace|wait|latency|thread|\bpid\b|\btid\b')
),

carried as (
    select
        job_key,
        name,
        attribute_value
    from leaves
    union
    select
        job_key,
        unnest(['queue', 'host', 'version', 'worker']),
        unnest([queue, host, version, worker_key])
    from ran
    union
    select
        job_key,
        unnest(['enqueued by host', 'version', 'service', 'environment']),
        unnest([case when event in ('scheduled', 'enqueued') then host end, version, service, environment])
    from lines
    union
    select
        job_key,
        unnest(['version', 'service', 'environment']),
        unnest([version, service, environment])
    from traces
)

select
    a.name,
    a.attribute_value,
    count(distinct a.job_key) filter (where c.is_bad) as bad,
    count(distinct a.job_key) filter (where not c.is_bad) as good
from carried as a
inner join compared as c on a.job_key = c.job_key
where a.attribute_value is not null
group by grouping sets ((a.name, a.attribute_value), (a.name))
order by a.name, a.attribute_value nulls first
