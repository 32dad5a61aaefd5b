-- Runs, and those that were open when their worker died.
select
    count(*) as judged,
    count(case when state = 'running' and worker_state = 'gone' then 1 end) as died
from attempts
