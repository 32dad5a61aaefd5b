-- The kinds of input that saw runs, the most exact first: logs see start and end, spans ended runs, snapshots a moment.
select observer
from runs
group by observer, kind
order by case kind when 'log' then 1 when 'span' then 2 else 3 end, count(*) desc, observer;
