-- Jobs that ran, and those that ran more than once.
select
    count(*) as judged,
    count(*) filter (where attempts > 1) as ran_more_than_once
from jobs
where attempts > 0
