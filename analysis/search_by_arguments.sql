-- The jobs of a class with exactly these arguments, however their JSON is spaced and their keys are ordered; earliest first.
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
    j.job_class = $job_class
    and j.arguments is not null
    and json_normalize(j.arguments) = json_normalize(cast($arguments as json))
order by came_at nulls last, j.job_key
