-- The lines of logs that tell of runs, in the order of cause, each with who tells it and the slot in which runs follow
-- one another: a thread or, where one process begins a run and another ends it, a log or a worker.
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
),

placed as (
    -- A line without a time stands before the next line of its log that has one. What a worker of Celery sends as events
    -- is another observer than its log; so is BullMQ's own record of its queue, which knows no process.
    select
        k.job_key,
        e.*,
        'log ' || e.system
        || case
            when s.format = 'celery_events' then ' events'
            when e.system = 'bullmq' and e.pid is null then ' without processes'
            else ''
        end as told_by,
        case when e.system = 'celery' then coalesce(e.worker, log_of(s.path)) else e.thread end as slot,
        log_of(s.path) as log_name,
        coalesce(
            e.occurred_at,
            min(e.occurred_at) over (
                partition by k.job_key, e.source_id, e.host, e.pid, e.thread
                order by e.line_no, e.record_no rows between current row and unbounded following
            )
        ) as stands_at,
        coalesce(
            e.system = 'bullmq' and e.event = 'started' and lag(e.event) over in_log = 'started'
            and lead(e.event) over in_log = 'failed' and lead(e.attempt) over in_log < e.attempt,
            false
        ) as is_early,
        lead(e.occurred_at) over in_log as next_at
    from said as e
    inner join sources as s on e.source_id = s.source_id
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    where
        e.event in (
            'started', 'heartbeat', 'succeeded', 'failed', 'interrupted', 'acknowledged', 'cancelled', 'discarded',
            'retry_scheduled', 'retries_exhausted'
        )
        or (e.event = 'reserved' and e.system = 'celery')
        or (e.event = 'scheduled' and e.system = 'bullmq' and e.pid is null)
    window in_log as (
        partition by k.job_key, e.source_id, e.host, e.pid, e.thread order by e.line_no, e.record_no
    )
),

counting as (
    -- Celery tells the number of a run when a worker takes the task; the start that follows has that number.
    select
        * replace (
            case
                when event = 'started' and told_by = 'log celery events' then last_value(attempt ignore nulls) over earlier
                else attempt
            end as attempt
        )
    from placed
    window earlier as (
        partition by job_key, told_by, host, pid, slot
        order by stands_at, source_id, line_no, record_no rows between unbounded preceding and current row
    )
),

late_ends as (
    -- In Celery a retry is sent, and may begin, before the run that asked for it is told to have ended: that end, which
    -- follows the start of the next run at once, is of the run before.
    select
        *,
        coalesce(
            event = 'failed' and will_retry
            and lag(event) over runs_of_slot = 'started' and lag(event, 2) over runs_of_slot = 'started'
            and lag(attempt) over runs_of_slot > lag(attempt, 2) over runs_of_slot
            and occurred_at - lag(occurred_at) over runs_of_slot <= interval 1 second,
            false
        ) as is_late,
        lag(occurred_at) over runs_of_slot as followed_at
    from counting
    where event <> 'reserved'
    window runs_of_slot as (
        partition by job_key, told_by, host, pid, slot order by stands_at, source_id, line_no, record_no
    )
)

-- A worker of BullMQ that takes a job up again at once may say so before it has said that the attempt before failed.
select
    * exclude (is_late, followed_at, next_at) replace ( -- noqa: AM04
        case when is_late then followed_at else occurred_at end as occurred_at,
        case when is_late then followed_at - interval 1 microsecond when is_early then next_at else stands_at end as stands_at,
        told_by || case when stands_at is null then ' without times' else '' end as told_by
    )
from late_ends
order by job_key, told_by, stands_at, is_early, source_id, line_no, record_no;
