-- One row per execution, before it is numbered: the observations fused, the most exact kind of input first.
create or replace temp table executions as
with ranked as (
    select
        f.execution_id,
        r.*,
        case
            when coalesce(r.started_at, r.ended_at) is null then 4
            when r.kind = 'log' then 1
            when r.kind = 'span' then 2
            else 3
        end as exactness
    from fused_runs as f
    inner join runs as r on f.run_id = r.run_id
),

fused as (
    select
        execution_id,
        job_key,
        any_value(scope) as scope,
        min(attempt_logged) as attempt_logged,
        any_value(job_class order by exactness, run_id) as job_class,
        any_value(queue order by exactness, run_id) as queue,
        -- Where only the end of a run is told its start is not known, though it stands there as the end.
        arg_min(
            started_at, (start_seen_at is null and duration is null, exactness, run_id)
        ) filter (started_at is not null) as started_at,
        arg_min(ended_at, (exactness, run_id)) filter (ended_at is not null) as ended_at,
        -- Of two layers the one that saw a failure is right: the other calls done what the first has handled.
        arg_min(
            outcome, (exactness, outcome = 'succeeded', outcome = 'failed', run_id)
        ) filter (outcome is not null) as outcome,
        arg_min(duration, (exactness, run_id)) filter (duration is not null) as duration,
        max(heartbeat_at) as heartbeat_at,
        arg_min(wait, (exactness, run_id)) filter (wait is not null) as wait,
        max(enqueued_at) as enqueued_at,
        arg_min(will_retry, (exactness, run_id)) filter (will_retry is not null) as will_retry,
        arg_min(host, (exactness, run_id)) filter (host is not null) as host,
        arg_min(pid, (exactness, run_id)) filter (pid is not null) as pid,
        arg_min(thread, (exactness, run_id)) filter (thread is not null) as thread,
        -- The log that names the thread is the worker's own.
        any_value(log_name order by exactness, thread is null, run_id) as log_name,
        arg_min(error_class, (exactness, run_id)) filter (error_class is not null) as error_class,
        arg_min(error_message, (exactness, run_id)) filter (error_message is not null) as error_message,
        arg_min(backtrace, (exactness, run_id)) filter (backtrace is not null) as backtrace,
        arg_min(trace_id, (exactness, run_id)) filter (trace_id is not null) as trace_id,
        arg_min(span_id, (exactness, run_id)) filter (span_id is not null) as span_id,
        list_sort(list_distinct(list(kind))) as observers,
        list_sort(list_distinct(list(worker) filter (worker is not null))) as workers,
        max(last_seen_at) as last_seen_at,
        min(max_attempts) as max_attempts
    from ranked
    group by execution_id, job_key
),

followed as (
    select
        *,
        lead(started_at) over (partition by job_key order by started_at, execution_id) as next_started_at
    from fused
),

reported as (
    -- The report of an exception follows the failure on the same thread within seconds. Of a run without an end it tells
    -- that it failed: nothing else is reported once the job has left the thread.
    select
        f.execution_id,
        r.*,
        f.outcome is null and f.ended_at is null as tells_end
    from followed as f
    inner join error_reports as r
        on
            f.job_key = r.job_key
            and coalesce(f.pid = r.pid, true) and coalesce(f.thread = r.thread, true)
            and case
                when f.ended_at is not null
                    then r.occurred_at between f.ended_at - interval 1 second and f.ended_at + interval 5 second
                else
                    f.outcome is null and f.started_at <= r.occurred_at
                    and coalesce(f.next_started_at > r.occurred_at, true)
            end
    qualify row_number() over (
        partition by f.execution_id
        order by abs(date_diff('microsecond', coalesce(f.ended_at, f.started_at), r.occurred_at)), r.source_id, r.line_no
    ) = 1
),

pushed_back as (
    -- A shutdown that gives running jobs back: some logs name the jobs, some only count them.
    select f.execution_id
    from fused as f
    inner join job_keys as k on f.job_key = k.job_key
    inner join told_events as e on k.scope = e.scope and k.seen_system = e.system and k.id = e.job_id
    where
        e.event = 'requeued' and coalesce(e.pid = f.pid, true) and coalesce(e.host = f.host, true)
        and e.occurred_at >= f.started_at
        and e.occurred_at <= coalesce(f.ended_at, e.occurred_at) + interval 5 second
    union
    select f.execution_id
    from fused as f
    inner join process_signs as w
        on f.scope = w.scope and f.pid = w.pid and coalesce(f.host = w.host, f.log_name = w.log_name, true)
    where
        w.sign = 'pushed_back' and f.outcome = 'failed'
        and w.seen_at between f.ended_at - interval 5 second and f.ended_at + interval 5 second
        and not exists (
            -- Where the shutdown names the jobs it gives back, the others failed.
            select 1 from told_events as e
            where
                e.event = 'requeued' and e.scope = f.scope and e.pid = f.pid and coalesce(e.host = f.host, true)
                and e.occurred_at between w.seen_at - interval 5 second and w.seen_at + interval 5 second
        )
),

failed_by_snapshot as (
    -- No end in any log, yet a later snapshot holds the job as failed, and by no later run.
    select
        f.execution_id,
        max(j.failed_at) as failed_at,
        arg_max(j.error_class, (j.failed_at, s.taken_at, j.error_class)) as error_class,
        arg_max(j.error_message, (j.failed_at, s.taken_at, j.error_class, j.error_message)) as error_message,
        bool_or(j.held_in = 'retry') as will_retry
    from followed as f
    inner join job_keys as k on f.job_key = k.job_key
    inner join snapshots as s on k.scope = s.scope and k.seen_system = s.system
    inner join told_snapshot_jobs as j on s.snapshot_id = j.snapshot_id and k.id = j.job_id
    where
        f.outcome is null and j.held_in in ('retry', 'dead', 'failed') and coalesce(j.failed_at >= f.started_at, true)
        and coalesce(j.failed_at < f.next_started_at, true)
    group by f.execution_id
)

select
    f.* exclude (ended_at, outcome, will_retry, error_class, error_message, backtrace, attempt_logged, max_attempts, enqueued_at),
    coalesce(f.attempt_logged, r.attempt) as attempt_logged,
    coalesce(f.max_attempts, r.max_attempts) as max_attempts,
    coalesce(f.enqueued_at, r.enqueued_at) as enqueued_at,
    coalesce(f.ended_at, case when r.tells_end then r.occurred_at end, s.failed_at) as ended_at,
    case
        when f.outcome = 'failed' and p.execution_id is not null and r.execution_id is null then 'interrupted'
        when f.outcome is null and p.execution_id is not null then 'interrupted'
        when f.outcome is null and (r.tells_end or s.execution_id is not null) then 'failed'
        else f.outcome
    end as outcome,
    -- One layer's giving up is not the other's: any that tries again will.
    greatest(f.will_retry, r.will_retry, s.will_retry) as will_retry,
    coalesce(f.error_class, r.error_class, s.error_class) as error_class,
    coalesce(f.error_message, r.error_message, s.error_message) as error_message,
    coalesce(f.backtrace, r.backtrace) as backtrace
from fused as f
left join reported as r on f.execution_id = r.execution_id
left join pushed_back as p on f.execution_id = p.execution_id
left join failed_by_snapshot as s on f.execution_id = s.execution_id
order by f.execution_id;
