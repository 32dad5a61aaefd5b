-- Queues of which an input shows how many jobs wait, and the jobs that wait.
select
    q.judged,
    j.waiting
from (
    select count(distinct scope || '/' || system || '/' || queue) as judged
    from queue_minutes
    where depth is not null or depth_snapshot is not null
) as q
cross join (
    select count(*) as waiting
    from jobs
    where state = 'queued' and queue is not null
) as j
