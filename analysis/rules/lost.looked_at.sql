-- Jobs, and those that the last snapshot no longer holds although no input shows what became of them.
select
    count(*) as judged,
    count(vanished_by) as vanished
from jobs
