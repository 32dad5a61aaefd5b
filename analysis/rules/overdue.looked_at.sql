-- Jobs that wait for their time, those whose time has come, and how late the latest of these is.
select
    count(*) as judged,
    count(case when state in ('scheduled', 'retrying') then 1 end) as waiting,
    count(case when state in ('scheduled', 'retrying') and run_at <= $as_of - $min_age then 1 end) as due
from jobs
