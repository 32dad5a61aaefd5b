-- The kinds of input that saw runs, the most exact first: logs see start and end, spans ended runs, snapshots a moment;
-- and whether they saw runs of which they tell no time.
select
    observer,
    bool_or(coalesce(started_at, ended_at) is null) as has_untimed
from runs
group by observer, kind
order by case kind when 'log' then 1 when 'span' then 2 else 3 end, count(*) desc, observer;
