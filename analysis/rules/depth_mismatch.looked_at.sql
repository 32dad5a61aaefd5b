-- Pairs of snapshots between which a queue could be added up.
select
    count(*) as judged,
    count(distinct queue) as queues
from depth_checks
