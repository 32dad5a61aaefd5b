-- Jobs whose lines name the adapter that keeps them.
select count(*) as judged
from jobs
where adapter is not null
