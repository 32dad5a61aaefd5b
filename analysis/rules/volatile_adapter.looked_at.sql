-- Jobs whose lines name the adapter that keeps them, and how many adapters these are.
select
    count(*) as judged,
    count(distinct adapter) as adapters
from jobs
where adapter is not null
