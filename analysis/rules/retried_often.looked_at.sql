-- Jobs that ran, those that ran again after a failure, and those of these that were given up.
select
    count(*) as judged,
    count(*) filter (where attempts > 1 and failures > 0) as retried,
    count(*) filter (where attempts > 1 and failures > 0 and state = 'failed') as given_up
from jobs
where attempts > 0
