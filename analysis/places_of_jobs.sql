-- The classes and queues of the jobs that findings name. Two installations may have a job of the same id.
with named as (
    select
        unnest($places) as place,
        unnest($scopes) as scope,
        unnest($systems) as system,
        unnest($jobs) as job_id
)

select distinct
    n.place,
    coalesce(j.job_class, '') as job_class,
    coalesce(j.queue, '') as queue
from named as n
inner join jobs as j on n.scope = j.scope and n.system = j.system and n.job_id = j.job_id
order by n.place, job_class, queue
