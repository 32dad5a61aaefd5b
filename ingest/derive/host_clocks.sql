-- Which clocks disagree: what a cause and its effect say of the time, where two machines timed them.
insert into host_clocks by name
with hosts_of_logs as (
    -- The machine whose workers write a log, where it is one.
    select
        log_name,
        min(host) as host
    from process_signs
    where log_name is not null and host is not null
    group by log_name
    having count(distinct host) = 1
),

first_words as (
    -- An enqueue that is not the first that its log says of a job is the one for a later run.
    select
        k.job_key,
        e.source_id,
        min(e.line_no) as line_no
    from told_events as e
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    group by k.job_key, e.source_id
),

told_enqueues as (
    select
        k.job_key,
        'log' as kind,
        e.occurred_at as enqueued_at,
        coalesce(e.host, log_of(s.path)) as clock,
        e.source_id,
        e.line_no
    from told_events as e
    inner join sources as s on e.source_id = s.source_id
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    inner join first_words as f on k.job_key = f.job_key and e.source_id = f.source_id and e.line_no = f.line_no
    where e.event = 'enqueued' and e.occurred_at is not null
    union all
    select
        k.job_key,
        'span',
        p.started_at,
        coalesce(p.host, p.service),
        p.source_id,
        p.line_no
    from spans as p
    inner join job_keys as k on p.scope = k.scope and coalesce(p.system, 'otel') = k.seen_system and p.job_id = k.id
    where p.operation = 'enqueue' and coalesce(p.host, p.service) is not null
),

single_enqueues as (
    select * from told_enqueues
    qualify
        count(*) over (partition by job_key, kind) = 1
        and row_number() over (partition by job_key order by kind) = 1
),

timed_runs as (
    select
        r.run_id,
        r.job_key,
        r.kind,
        r.start_seen_at,
        r.ended_at,
        r.attempt_logged,
        r.source_id,
        r.line_no,
        case
            when r.kind = 'span' then coalesce(r.host, r.worker)
            else coalesce(r.host, h.host, r.log_name)
        end as clock
    from runs as r
    left join hosts_of_logs as h on r.log_name = h.log_name
    where r.kind in ('log', 'span') and r.start_seen_at is not null
),

first_starts as (
    select * from timed_runs
    qualify row_number() over (partition by job_key order by start_seen_at, run_id) = 1
),

followed as (
    select
        'enqueued, started' as basis,
        e.job_key,
        e.clock as cause_clock,
        r.clock as effect_clock,
        e.enqueued_at as caused_at,
        r.start_seen_at as followed_at,
        e.source_id,
        e.line_no,
        r.source_id as next_source_id,
        r.line_no as next_line_no
    from single_enqueues as e
    inner join first_starts as r on e.job_key = r.job_key
    where coalesce(r.attempt_logged = 1, true)
    union all
    select
        'span, log',
        s.job_key,
        'spans of ' || s.clock,
        l.clock,
        s.start_seen_at,
        l.start_seen_at,
        s.source_id,
        s.line_no,
        l.source_id,
        l.line_no
    from timed_runs as s
    inner join fused_runs as f on s.run_id = f.run_id
    inner join fused_runs as g on f.execution_id = g.execution_id
    inner join timed_runs as l on g.run_id = l.run_id
    where s.kind = 'span' and l.kind = 'log'
    union all
    select
        'log, span',
        s.job_key,
        l.clock,
        'spans of ' || s.clock,
        l.start_seen_at,
        s.ended_at,
        l.source_id,
        l.line_no,
        s.source_id,
        s.line_no
    from timed_runs as s
    inner join fused_runs as f on s.run_id = f.run_id
    inner join fused_runs as g on f.execution_id = g.execution_id
    inner join timed_runs as l on g.run_id = l.run_id
    where s.kind = 'span' and l.kind = 'log' and s.ended_at is not null
),

caused as (
    select
        j.scope,
        j.system,
        f.* exclude (job_key)
    from followed as f
    inner join jobs as j on f.job_key = j.job_key
    union all
    select
        s.scope,
        s.system,
        'running, snapshot',
        j.host,
        'the queue''s server',
        j.started_at,
        s.taken_at,
        s.source_id,
        s.line_no,
        null,
        null
    from snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    where j.held_in = 'running' and j.started_at is not null and j.host is not null
    union all
    select
        s.scope,
        s.system,
        'heartbeat, snapshot',
        p.host,
        'the queue''s server',
        p.heartbeat_at,
        s.taken_at,
        s.source_id,
        s.line_no,
        null,
        null
    from snapshot_processes as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    where p.heartbeat_at is not null and p.host is not null
),

compared as (
    select
        *,
        seconds_between(caused_at, followed_at) as gap
    from caused
    where cause_clock <> effect_clock
),

dated as (
    select
        source_id,
        line_no,
        scope,
        system,
        host,
        occurred_at
    from job_events
    union all
    select
        source_id,
        line_no,
        scope,
        system,
        host,
        occurred_at
    from worker_events
    union all
    select
        source_id,
        line_no,
        scope,
        coalesce(system, ''),
        host,
        occurred_at
    from log_lines
    union all
    select
        source_id,
        line_no,
        scope,
        coalesce(system, 'otel'),
        host,
        coalesce(ended_at, started_at)
    from spans
),

ahead as (
    -- The one time that is not taken for the present, see watermark.
    select * from dated
    where occurred_at > $as_of + interval 1 hour
    qualify count(*) over () = 1
)

select
    scope,
    system,
    basis,
    cause_clock,
    effect_clock,
    count(*) as pairs,
    min(gap) as gap_min,
    quantile_cont(gap, 0.05) as gap_p05,
    case when count(*) >= 20 then greatest(0, -quantile_cont(gap, 0.05)) else 0 end as behind,
    arg_min(source_id, (gap, caused_at, source_id, line_no)) as source_id,
    arg_min(line_no, (gap, caused_at, source_id, line_no)) as line_no,
    arg_min(next_source_id, (gap, caused_at, source_id, line_no)) as next_source_id,
    arg_min(next_line_no, (gap, caused_at, source_id, line_no)) as next_line_no,
    min(caused_at) as from_at,
    max(caused_at) as to_at
from compared
group by scope, system, basis, cause_clock, effect_clock
union all
select
    a.scope,
    a.system,
    'future',
    coalesce(a.host, log_of(s.path)),
    'all other inputs',
    1,
    -seconds_between($as_of, a.occurred_at),
    -seconds_between($as_of, a.occurred_at),
    seconds_between($as_of, a.occurred_at),
    a.source_id,
    a.line_no,
    null,
    null,
    a.occurred_at,
    a.occurred_at
from ahead as a
inner join sources as s on a.source_id = s.source_id
order by scope, system, basis, cause_clock, effect_clock;
