-- The steps that would find nothing, because the evidence has none of the lines that they begin with. Planning them is a
-- quarter of what deriving a small folder costs.
with lacks as (
    select
        not exists (
            select 1 from job_events
            where job_id is null
        ) as lines_without_ids,
        not exists (
            select 1 from worker_events
            where event = 'forked'
        ) as forks,
        not exists (
            select 1 from job_events
            where occurred_at is null or system = 'bullmq'
        ) as copies,
        not exists (
            select 1 from snapshot_jobs
            where job_id is null
        ) as places_without_ids,
        not exists (
            select 1 from job_events
            where system = 'active_job' and event = 'started'
        ) as frameworks,
        not exists (
            select 1 from job_events
            where event = 'error_reported'
        ) as error_reports,
        not exists (
            select 1 from job_events
            where occurred_at is null
        )
        and not exists (
            select 1 from log_lines
            where system = 'celery' and occurred_at is null
        ) as lines_without_times,
        not exists (
            select 1 from job_events
            where system = 'celery'
        )
        and not exists (
            select 1 from log_lines
            where system = 'celery'
        ) as celery,
        not exists (
            select 1 from job_events
            where system = 'bullmq'
        ) as bullmq,
        not exists (
            select 1 from job_events
            where event = 'acknowledged'
        ) as acknowledgements,
        not exists (
            select 1 from job_events
            where event = 'lock_conflict'
        ) as lock_conflicts,
        not exists (select 1 from snapshot_locks) as held_locks,
        not exists (select 1 from declared)
        and not exists (
            select 1 from snapshots
            where system in ('rq', 'sidekiq')
        )
        and not exists (
            select 1 from job_events
            where system = 'rq'
        ) as limit_checks,
        not exists (
            select 1 from job_events
            where event = 'enqueue_failed'
        )
        and not exists (
            select 1 from spans
            where operation = 'enqueue' and status = 'error'
        ) as failed_enqueues,
        not exists (
            select 1 from worker_events
            where concurrency is not null or system in ('delayed_job', 'resque', 'rq')
        )
        and not exists (
            select 1 from snapshot_processes
            where concurrency is not null
        )
        and not exists (
            select 1 from job_events
            where system in ('delayed_job', 'resque', 'rq')
        ) as capacities
)

select
    unnest([
        'recorded_failures', 'nameless_lines', 'nameless_runs', 'nameless_ids', 'ids_named_next', 'row_ids', 'ids_of_queues',
        'handler_words'
    ]) as step
from lacks
where lines_without_ids
union all
select unnest(['placed_lines', 'forks', 'worker_lines'])
from lacks
where lines_without_ids and forks
union all
select 'copied_lines'
from lacks
where copies
union all
select 'told_events'
from lacks
where lines_without_ids and forks and copies
union all
select unnest(['inferred_snapshot_ids', 'told_snapshot_jobs'])
from lacks
where places_without_ids
union all
select 'twin_ids'
from lacks
where frameworks
union all
select 'error_reports'
from lacks
where error_reports
union all
select 'untimed_run_lines'
from lacks
where lines_without_times
union all
select 'celery_run_lines'
from lacks
where celery
union all
select 'bullmq_run_lines'
from lacks
where bullmq
union all
select 'repeated_ends'
from lacks
where acknowledgements
union all
select 'lock_conflicts'
from lacks
where lock_conflicts
union all
select 'held_locks'
from lacks
where held_locks
union all
select 'limit_checks'
from lacks
where limit_checks
union all
select 'failed_enqueues'
from lacks
where failed_enqueues
union all
select 'pool_minutes'
from lacks
where capacities
order by step;
