-- Known waits, on known queues: of runs, and of jobs that still wait.
select
    a.waits + j.waiting as judged,
    a.waits,
    a.runs,
    a.longest,
    j.waiting
from (
    select
        count(*) as runs,
        count(wait) filter (where queue is not null) as waits,
        max(wait) filter (where queue is not null) as longest
    from attempts
) as a
cross join (
    select count(*) as waiting
    from jobs
    where state = 'queued' and attempts = 0 and queue is not null and eligible_at is not null
) as j
