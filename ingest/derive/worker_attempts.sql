-- How many executions each process was seen with. What a framework wrote in it does not make it a worker of the framework:
-- it is one of the system whose jobs it ran.
update workers
set
    attempts = counted.attempts,
    system = coalesce(counted.system, workers.system)
from (select
    worker_key,
    count(*) as attempts,
    case when min(system) = max(system) then min(system) end as system
from attempts
where worker_key is not null
group by worker_key) as counted
where workers.worker_key = counted.worker_key;
