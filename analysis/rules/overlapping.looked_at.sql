-- Jobs with more than one run whose times are known.
select
    count(*) as judged,
    count(case when runs > 1 then 1 end) as ran_more_than_once
from (
    select
        job_key,
        count(*) as runs
    from attempts
    where started_at is not null
    group by job_key
) as jobs_with_runs
