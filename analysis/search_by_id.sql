-- The jobs that one id leads to, the earliest first.
select
    j.job_key,
    j.job_id,
    j.job_class,
    j.queue,
    j.state,
    coalesce(j.enqueued_at, j.first_started_at, j.first_seen_at) as came_at,
    j.finished_at,
    j.attempts,
    null as wait,
    null as run,
    j.error_class,
    j.error_message,
    j.arguments
from jobs as j
where
    j.job_key = $id or j.job_key in (
        select i.job_key from job_ids as i
        where i.id = $id
    )
order by came_at nulls last, j.job_key
