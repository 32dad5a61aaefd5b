-- Of every file the first line that could not be read, why, and how many more there are.
select
    s.path,
    min(r.line_no) as line_no,
    min_by(r.reason, r.line_no) as reason,
    count(*) - 1 as more
from rejected_lines as r
inner join sources as s on r.source_id = s.source_id
group by s.path
order by s.path
limit 10
