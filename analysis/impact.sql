-- How much there was, how much of it failed and what that took.
select
    (select count(*) from jobs) as jobs,
    count(*) as runs,
    count(*) filter (where a.state = 'failed') as failed_runs,
    coalesce(sum(a.run) filter (where a.state = 'failed'), 0) as failed_seconds,
    max(a.wait) as longest_wait
from attempts as a
