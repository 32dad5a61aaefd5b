-- A line about a job that does not name it, where the next line of the same thread that names one does so within seconds:
-- a worker that has just said how a run ended goes on to say what becomes of the job.
insert into inferred_ids
with said as (
    select
        source_id,
        line_no,
        record_no,
        occurred_at,
        scope,
        system,
        pid,
        thread,
        job_class,
        job_id,
        event
    from job_events
    where thread is not null
    union all
    select
        source_id,
        line_no,
        record_no,
        occurred_at,
        scope,
        system,
        pid,
        thread,
        job_class,
        job_id,
        'line'
    from log_lines
    where thread is not null and job_id is not null
),

followed as (
    select
        *,
        lead(job_id) over thread_lines as next_id,
        lead(job_class) over thread_lines as next_class,
        lead(event) over thread_lines as next_event,
        lead(occurred_at) over thread_lines as next_at
    from said
    where
        source_id in (
            select source_id from job_events
            where job_id is null and thread is not null
        )
    window thread_lines as (
        partition by source_id, scope, system, pid, thread order by line_no, record_no
    )
)

select
    source_id,
    line_no,
    record_no,
    next_id,
    'exact'
from followed
where
    job_id is null and next_id is not null and next_event not in ('started', 'enqueued', 'scheduled')
    and coalesce(next_class = job_class, true)
    and coalesce(next_at - occurred_at <= interval 2 second, true)
order by source_id, line_no, record_no
