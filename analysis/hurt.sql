-- What became of the jobs that findings name, per class and queue.
select
    scope,
    system,
    job_class,
    queue,
    state,
    count(*) as jobs
from jobs
where job_id in (select unnest($hurt))
group by scope, system, job_class, queue, state
order by jobs desc, scope asc, system asc, job_class asc, queue asc, state asc
