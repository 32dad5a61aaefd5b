-- How many of these jobs cannot be told from an equal one without an id.
select count(*) as jobs
from jobs
where list_contains($job_keys, job_key) and identity = 'ambiguous'
