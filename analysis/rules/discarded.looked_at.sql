-- Jobs, and those that were thrown away.
select
    count(*) as judged,
    count(case when state = 'discarded' then 1 end) as gone
from jobs
