-- How many executions each process was seen with.
update workers set attempts = counted.attempts
from (select
    worker_key,
    count(*) as attempts
from attempts
where worker_key is not null
group by worker_key) as counted
where workers.worker_key = counted.worker_key;
