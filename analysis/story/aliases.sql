-- The other ids that lead to the job.
select
    id,
    kind
from job_ids
where job_key = $job_key and kind <> 'job_id'
order by kind, id
