-- Jobs of adapters that keep nothing outside their process: those that were due and did not run, or a row without a job.
with kept as (
    select
        *,
        lower(adapter) as kind,
        coalesce(run_at, eligible_at, enqueued_at, first_seen_at) as due_at
    from jobs
    where lower(adapter) in ('async', 'inline', 'test')
),

adapters as (
    select
        scope,
        system,
        adapter,
        kind,
        count(*) as jobs,
        min(first_seen_at) as first_at,
        max(last_seen_at) as last_at,
        min(job_key) as some_job_key
    from kept
    group by scope, system, adapter, kind
    having count(*) >= $min_jobs
),

mentions as (
    select
        e.job_key,
        e.source_id,
        e.line_no,
        row_number() over (
            partition by e.job_key order by e.seen_at, e.source_id, e.line_no, e.record_no, e.text
        ) as place
    from attempt_evidence as e
    inner join adapters as a on e.job_key = a.some_job_key
    where e.line_no is not null
)

select
    k.job_key,
    k.job_id,
    null as attempt,
    a.scope,
    a.system,
    a.adapter,
    a.kind,
    a.jobs,
    k.job_class,
    k.queue,
    coalesce(k.due_at, a.first_at) as first_at,
    coalesce(k.last_seen_at, a.last_at) as last_at,
    m.source_id,
    m.line_no
from adapters as a
left join kept as k
    on
        a.scope = k.scope and a.system = k.system and a.adapter = k.adapter
        and k.state in ('queued', 'scheduled', 'retrying') and k.due_at <= $as_of - $min_age
left join mentions as m on a.some_job_key = m.job_key and m.place = 1
order by a.scope, a.system, a.adapter, first_at, k.job_key
