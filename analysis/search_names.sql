-- Every class or queue that jobs were seen with, the most frequent first.
select case when $of_queues then queue else job_class end as name
from jobs
where name is not null
group by name
order by count(*) desc, name asc
