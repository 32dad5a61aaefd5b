-- Durations and times that could be held against the lines' own times.
select
    count(*) as judged,
    count(distinct log) as logs,
    coalesce(sum(compared), 0) as compared
from told_times
where compared >= $min_compared
