-- The last snapshot of the job's installation, where it is later than every sign of the job.
select max(s.taken_at) as taken_at
from jobs as j
inner join snapshots as s on j.scope = s.scope and j.system = s.system
where j.job_key = $job_key and s.taken_at > j.last_seen_at
