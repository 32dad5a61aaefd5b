-- What became of the jobs that findings name, per class and queue. Two installations may have a job of the same id.
with hurt as (
    select
        unnest($scopes) as scope,
        unnest($systems) as system,
        unnest($jobs) as job_id
)

select
    j.scope,
    j.system,
    j.job_class,
    j.queue,
    j.state,
    count(*) as jobs
from jobs as j
inner join hurt as h on j.scope = h.scope and j.system = h.system and j.job_id = h.job_id
group by j.scope, j.system, j.job_class, j.queue, j.state
order by jobs desc, j.scope asc, j.system asc, j.job_class asc, j.queue asc, j.state asc
