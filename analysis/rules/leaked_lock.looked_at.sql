-- Locks that snapshots show, and those of them whose holder one snapshot alone shows nowhere.
select
    count(*) as judged,
    count(case when looks > 0 then 1 end) as doubtful
from held_locks
where not outlives_holder
