-- One row per run as one kind of input saw it: a log's start and end, a span, a job held by a worker in snapshots.
create or replace temp table runs as
with run_events as (
    -- A log without times is another observer: its runs are told apart by their order only. A retry or the giving up is
    -- no run; said within one for an error it tells that it failed, whatever its last line says.
    select
        *,
        told_by as observer,
        case when event = 'started' then 1 else 0 end as is_start,
        event in ('succeeded', 'failed', 'interrupted', 'acknowledged') as is_end,
        event = 'cancelled' or (event = 'discarded' and error_class is null) as is_cut,
        event = 'retry_scheduled' as is_retry,
        event = 'retries_exhausted'
        or (event in ('retry_scheduled', 'discarded') and error_class is not null) as tells_failure
    from run_lines
),

counted as (
    select
        *,
        sum(is_start) over this_slot as start_no,
        sum(case when is_end and not ends_again then 1 else 0 end) over this_slot as end_no,
        bool_or(event = 'heartbeat') over this_slot as has_shown_life,
        row_number() over this_slot as place
    from run_events
    window this_slot as (
        partition by job_key, observer, host, pid, slot
        order by stands_at, is_early, source_id, line_no, record_no rows between unbounded preceding and current row
    )
),

grouped as (
    -- Ends before any start are runs of their own, each with the signs of life before it; after a start the first end
    -- counts, be it that the job was cancelled. BullMQ's stream says of a run that failed and of a job that is put off
    -- before its first one the same.
    select
        * replace (case when event = 'scheduled' and start_no > 0 then 'failed' else event end as event),
        case
            when start_no > 0 then 0
            when event = 'heartbeat' or (event = 'cancelled' and has_shown_life) then end_no + 1
            else greatest(end_no, 1)
        end as lone_end_no,
        is_end or (is_cut and (start_no > 0 or has_shown_life)) or (event = 'scheduled' and start_no > 0) as ends_run,
        event = 'scheduled' and start_no > 0 as is_put_off
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
        any_value(thread order by place desc) as thread,
        any_value(worker order by place) as worker,
        min(attempt) as attempt_logged,
        max(max_attempts) as max_attempts,
        any_value(job_class order by place) as job_class,
        any_value(queue order by place) as queue,
        min(case when event = 'started' then occurred_at end) as start_seen_at,
        coalesce(
            min(case when ends_run then occurred_at end), min(case when tells_failure then occurred_at end)
        ) as ended_at,
        case
            when
                coalesce(arg_min(event, place) filter (ends_run), 'succeeded') in ('succeeded', 'acknowledged')
                and min(place) filter (tells_failure) < coalesce(min(place) filter (ends_run), max(place) + 1)
                then 'failed'
            when
                arg_min(event, place) filter (ends_run) = 'acknowledged'
                and min(place) filter (is_retry) < min(place) filter (ends_run)
                then 'failed'
            when arg_min(is_cut, place) filter (ends_run) then 'cancelled'
            else replace(arg_min(event, place) filter (ends_run), 'acknowledged', 'succeeded')
        end as outcome,
        arg_min(duration, place) filter (ends_run) as duration,
        max(case when event = 'heartbeat' then occurred_at end) as heartbeat_at,
        any_value(wait order by place) as wait,
        max(case when event = 'started' then enqueued_at end) as enqueued_at,
        coalesce(
            nullif(bool_or(is_retry or is_put_off), false),
            bool_or(will_retry) filter (event in ('failed', 'interrupted')),
            not nullif(bool_or(event in ('retries_exhausted', 'discarded')), false),
            -- Some systems say with the start what they would do about a failure.
            case when bool_or(event = 'failed') then bool_or(will_retry) filter (event = 'started') end
        ) as will_retry,
        any_value(error_class order by place) as error_class,
        any_value(error_message order by place) as error_message,
        any_value(backtrace order by place) as backtrace,
        any_value(trace_id order by place) as trace_id,
        any_value(span_id order by place) as span_id,
        max(occurred_at) filter (not is_retry and not (is_cut and not ends_run)) as last_seen_at,
        min(source_id) as source_id,
        min(line_no) as line_no,
        any_value(log_name order by place) as log_name
    from grouped
    group by job_key, scope, observer, host, pid, slot, start_no, lone_end_no
    having bool_or(is_start = 1 or ends_run or event = 'heartbeat')
),

-- BullMQ tells in a span inside the run's what becomes of a job that failed.
put_back as (
    select
        trace_id,
        parent_span_id,
        bool_or(starts_with(name, 'delay ') or starts_with(name, 'retry ')) as will_retry
    from spans
    where
        system = 'bullmq' and kind = 'internal'
        and (starts_with(name, 'delay ') or starts_with(name, 'retry ') or starts_with(name, 'fail '))
    group by trace_id, parent_span_id
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
        -- Celery calls a failure that will be retried by another name.
        case
            when p.outcome = 'retried' then true
            when p.outcome = 'failed' and p.system = 'celery' then false
            when p.outcome = 'failed' then b.will_retry
        end as will_retry,
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
    left join put_back as b on p.trace_id = b.trace_id and p.span_id = b.parent_span_id
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
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    inner join job_keys as k on s.scope = k.scope and s.system = k.seen_system and j.job_id = k.id
    where j.held_in = 'running'
    group by
        k.job_key, k.scope, j.host, j.pid, j.thread, j.started_at,
        -- A snapshot that does not tell since when a job runs tells at best which worker has it, and for which attempt.
        case when j.started_at is null then j.attempt end, case when j.started_at is null then j.worker end
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
from all_runs;
