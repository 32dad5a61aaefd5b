-- One row per run as one kind of input saw it: a log's start and end, a span, a job held by a worker in snapshots.
create or replace temp table runs as
with run_events as (
    select
        k.job_key,
        'log ' || e.system as observer,
        e.*,
        case when e.event = 'started' then 1 else 0 end as is_start
    from told_events as e
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    where e.event in ('started', 'heartbeat', 'succeeded', 'failed', 'interrupted')
),

counted as (
    select
        *,
        sum(is_start) over slot as start_no,
        sum(case when event in ('succeeded', 'failed', 'interrupted') then 1 else 0 end) over slot as end_no,
        row_number() over slot as place
    from run_events
    window slot as (
        partition by job_key, observer, host, pid, thread
        order by occurred_at, source_id, line_no, record_no rows between unbounded preceding and current row
    )
),

grouped as (
    -- Ends before any start are runs of their own; after a start the first end counts.
    select
        *,
        case when start_no = 0 then greatest(end_no, 1) else 0 end as lone_end_no
    from counted
),

log_runs as (
    select
        job_key,
        scope,
        observer,
        'log' as kind,
        host,
        pid,
        thread,
        any_value(worker order by place) as worker,
        min(attempt) as attempt_logged,
        max(max_attempts) as max_attempts,
        any_value(job_class order by place) as job_class,
        any_value(queue order by place) as queue,
        min(case when event = 'started' then occurred_at end) as start_seen_at,
        min(case when event in ('succeeded', 'failed', 'interrupted') then occurred_at end) as ended_at,
        arg_min(event, place) filter (event in ('succeeded', 'failed', 'interrupted')) as outcome,
        arg_min(duration, place) filter (event in ('succeeded', 'failed', 'interrupted')) as duration,
        max(case when event = 'heartbeat' then occurred_at end) as heartbeat_at,
        any_value(wait order by place) as wait,
        max(case when event = 'started' then enqueued_at end) as enqueued_at,
        bool_or(will_retry) filter (event = 'failed') as will_retry,
        any_value(error_class order by place) as error_class,
        any_value(error_message order by place) as error_message,
        any_value(backtrace order by place) as backtrace,
        any_value(trace_id order by place) as trace_id,
        any_value(span_id order by place) as span_id,
        max(occurred_at) as last_seen_at,
        min(source_id) as source_id,
        min(line_no) as line_no,
        any_value(log_of(s.path) order by place) as log_name
    from grouped
    inner join sources as s using (source_id)
    group by job_key, scope, observer, host, pid, thread, start_no, lone_end_no
),

span_runs as (
    select
        k.job_key,
        k.scope,
        'span ' || coalesce(p.instrumentation, '') as observer,
        'span' as kind,
        p.host,
        p.pid,
        null as thread,
        p.worker,
        p.attempt as attempt_logged,
        null::integer as max_attempts,
        p.job_class,
        p.queue,
        p.started_at as start_seen_at,
        p.ended_at,
        case when p.outcome = 'retried' then 'failed' else p.outcome end as outcome,
        seconds_between(p.started_at, p.ended_at) as duration,
        null::timestamp as heartbeat_at,
        p.wait,
        null::timestamp as enqueued_at,
        case when p.outcome = 'retried' then true end as will_retry,
        p.error_class,
        p.error_message,
        p.backtrace,
        p.trace_id,
        p.span_id,
        coalesce(p.ended_at, p.started_at) as last_seen_at,
        p.source_id,
        p.line_no,
        null as log_name
    from spans as p
    inner join job_keys as k on p.scope = k.scope and coalesce(p.system, 'otel') = k.seen_system and p.job_id = k.id
    where p.operation = 'run'
),

snapshot_runs as (
    select
        k.job_key,
        k.scope,
        'snapshot' as observer,
        'snapshot' as kind,
        j.host,
        j.pid,
        j.thread,
        min(j.worker) as worker,
        max(j.attempt) as attempt_logged,
        max(j.max_attempts) as max_attempts,
        min(j.job_class) as job_class,
        min(j.queue) as queue,
        j.started_at as start_seen_at,
        null::timestamp as ended_at,
        null as outcome,
        null::double as duration,
        null::timestamp as heartbeat_at,
        null::double as wait,
        max(j.enqueued_at) as enqueued_at,
        null::boolean as will_retry,
        null as error_class,
        null as error_message,
        null as backtrace,
        null as trace_id,
        null as span_id,
        max(s.taken_at) as last_seen_at,
        min(s.source_id) as source_id,
        min(s.line_no) as line_no,
        null as log_name
    from snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    inner join job_keys as k on s.scope = k.scope and s.system = k.seen_system and j.job_id = k.id
    where j.held_in = 'running'
    group by k.job_key, k.scope, j.host, j.pid, j.thread, j.started_at
),

all_runs as (
    select * from log_runs
    union all
    select * from span_runs
    union all
    select * from snapshot_runs
)

select
    row_number() over (
        order by job_key, observer, start_seen_at, ended_at, host, pid, thread, source_id, line_no, span_id
    ) as run_id,
    *,
    coalesce(start_seen_at, ended_at - to_microseconds((coalesce(duration, 0) * 1e6)::bigint)) as started_at
from all_runs
order by run_id;
