-- What each job and each execution rests on, in words, with its place in the inputs.
insert into attempt_evidence by name
with told as (
    select
        k.job_key,
        e.occurred_at as seen_at,
        'log' as kind,
        e.event,
        'job_events' as evidence_table,
        e.source_id,
        e.line_no,
        e.record_no,
        case e.event when 'error_reported' then 'error reported' else replace(e.event, '_', ' ') end
        || coalesce(' ' || e.job_class, '')
        || coalesce(' after ' || round(e.duration, 3) || ' s', '')
        || coalesce(' (queue ' || e.queue || ')', '')
        || coalesce(', attempt ' || e.attempt || coalesce(' of ' || e.max_attempts, ''), '')
        || coalesce(', due ' || strftime(e.run_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
        || coalesce(
            ': ' || nullif(concat_ws(': ', e.error_class, nullif(split_part(e.error_message, chr(10), 1), '')), ''), ''
        )
        || coalesce(', pid ' || e.pid || coalesce(', thread ' || e.thread, ''), '') as text,
        e.event not in ('enqueued', 'scheduled') as in_run
    from told_events as e
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    union all
    select
        r.job_key,
        r.occurred_at,
        'log',
        'error',
        'log_lines',
        r.source_id,
        r.line_no + 1,
        0,
        r.error_class || coalesce(': ' || split_part(r.error_message, chr(10), 1), ''),
        true
    from error_reports as r
    where
        r.error_class is not null
        and exists (
            select 1 from told_events as e
            where e.source_id = r.source_id and e.line_no = r.line_no and e.record_no = r.record_no and e.error_class is null
        )
    union all
    select
        k.job_key,
        l.occurred_at,
        'log',
        'line',
        'log_lines',
        l.source_id,
        l.line_no,
        l.record_no,
        l.message,
        true
    from log_lines as l
    inner join job_keys as k on l.scope = k.scope and l.system = k.seen_system and l.job_id = k.id
    union all
    select
        k.job_key,
        coalesce(p.ended_at, p.started_at),
        'span',
        coalesce(p.operation, 'other'),
        'spans',
        p.source_id,
        p.line_no,
        p.record_no,
        'span ' || coalesce(p.name, '') || ' ' || p.kind
        || coalesce(', ' || round(seconds_between(p.started_at, p.ended_at), 3) || ' s', '')
        || ', status ' || p.status || coalesce(': ' || p.error_class || coalesce(': ' || p.error_message, ''), ''),
        coalesce(p.operation <> 'enqueue', true)
    from spans as p
    inner join job_keys as k on p.scope = k.scope and coalesce(p.system, 'otel') = k.seen_system and p.job_id = k.id
    union all
    select
        k.job_key,
        s.taken_at,
        'snapshot',
        j.held_in,
        'snapshot_jobs',
        s.source_id,
        s.line_no,
        s.record_no,
        case j.held_in
            when 'queued'
                then
                    'waiting in queue ' || coalesce(j.queue, '?')
                    || coalesce(' since ' || strftime(j.enqueued_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
            when 'retry'
                then
                    'waiting for a retry' || coalesce(', due ' || strftime(j.run_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
                    || coalesce(', after ' || j.error_class || coalesce(': ' || split_part(j.error_message, chr(10), 1), ''), '')
            when 'scheduled' then 'scheduled' || coalesce(' for ' || strftime(j.run_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
            when 'dead'
                then
                    'given up' || coalesce(' at ' || strftime(j.died_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
                    || coalesce(', after ' || j.error_class || coalesce(': ' || split_part(j.error_message, chr(10), 1), ''), '')
            when 'running'
                then
                    'running on ' || coalesce(j.worker, j.host || ':' || j.pid, '?')
                    || coalesce(', thread ' || j.thread, '')
                    || coalesce(' since ' || strftime(j.started_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
            when 'failed'
                then
                    'kept as failed' || coalesce(' at ' || strftime(j.failed_at, '%Y-%m-%d %H:%M:%S') || ' UTC', '')
                    || coalesce(', after ' || j.error_class || coalesce(': ' || split_part(j.error_message, chr(10), 1), ''), '')
            else 'held in ' || j.held_in
        end,
        j.held_in in ('running')
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    inner join job_keys as k on s.scope = k.scope and s.system = k.seen_system and j.job_id = k.id
),

distinctly as (
    select distinct * from told
),

a as (
    select
        job_key,
        started_at,
        max(attempt) as attempt
    from attempts
    where started_at is not null
    group by job_key, started_at
)

select
    t.job_key,
    case when t.in_run then a.attempt end as attempt,
    t.seen_at,
    t.kind,
    t.event,
    t.evidence_table,
    t.source_id,
    t.line_no,
    t.record_no,
    t.text
from distinctly as t
asof left join a
    on t.job_key = a.job_key and t.seen_at >= a.started_at
order by t.job_key, t.seen_at, t.source_id, t.line_no, t.record_no, t.event, t.text;
