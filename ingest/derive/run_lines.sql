-- The lines of logs that tell of runs, each with who tells it and the slot in which runs follow one another: a thread or,
-- where one process begins a run and another ends it, a log or a worker.
create or replace temp table run_lines as
with said as (
    select * from told_events
    union all by name
    -- Celery's log tells of no start: what a task says in a child process is a sign that it runs.
    select
        source_id,
        line_no,
        record_no,
        occurred_at,
        'heartbeat' as event,
        system,
        scope,
        host,
        pid,
        thread,
        job_id,
        job_class
    from log_lines
    where system = 'celery' and job_id is not null and thread <> 'MainProcess'
)

-- What a worker of Celery sends as events is another observer than its log; so is BullMQ's own record of its queue, which
-- knows no process.
select
    k.job_key,
    e.scope,
    e.system,
    'log ' || e.system
    || case
        when s.format = 'celery_events' then ' events'
        when e.system = 'bullmq' and e.pid is null then ' without processes'
        else ''
    end as told_by,
    e.host,
    e.pid,
    e.thread,
    case when e.system = 'celery' then coalesce(e.worker, log_of(s.path)) else e.thread end as slot,
    log_of(s.path) as log_name,
    e.source_id,
    e.line_no,
    e.record_no,
    e.occurred_at,
    e.occurred_at as stands_at,
    false as is_early,
    false as ends_again,
    e.event,
    e.worker,
    e.attempt,
    e.max_attempts,
    e.job_class,
    e.queue,
    e.enqueued_at,
    e.wait,
    e.duration,
    e.will_retry,
    e.error_class,
    e.error_message,
    e.backtrace,
    e.trace_id,
    e.span_id
from said as e
inner join sources as s on e.source_id = s.source_id
inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
where
    e.event in (
        'started', 'heartbeat', 'succeeded', 'failed', 'interrupted', 'acknowledged', 'cancelled', 'discarded',
        'retry_scheduled', 'retries_exhausted'
    )
    or (e.event = 'reserved' and e.system = 'celery')
    or (e.event = 'scheduled' and e.system = 'bullmq' and e.pid is null);
