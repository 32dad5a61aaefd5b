-- Runs on known queues, and failures that came or will come back.
select
    count(*) as judged,
    count(*) filter (where state = 'failed' and ended_at is not null and (will_retry or attempt < last_attempt)) as retries
from (
    select
        *,
        max(attempt) over (partition by job_key) as last_attempt
    from attempts
    where queue is not null
)
