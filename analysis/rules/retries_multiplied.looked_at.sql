-- Jobs that failed, and those that some layer gave up.
select
    count(*) as judged,
    count(g.job_key) as given_up
from jobs as j
left join (
    select distinct job_key
    from attempt_evidence
    where event = 'retries_exhausted'
) as g on j.job_key = g.job_key
where j.failures > 0
