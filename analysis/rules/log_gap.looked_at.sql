-- Logs and snapshots with more than one record: only these can have a gap.
select
    count(*) as judged,
    count(case when kind = 'log' then 1 end) as logs,
    count(case when kind = 'snapshot' then 1 end) as snapshots
from coverage
where kind in ('log', 'snapshot') and records > 0
