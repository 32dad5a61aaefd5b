-- Every input that was read: its format, machines, period and zone, what it gave, and what it can show.
select
    s.path,
    s.format,
    coalesce(c.hosts, []) as hosts,
    s.first_at,
    s.last_at,
    s.zone,
    s.row_count,
    s.reject_count,
    s.bytes_pending,
    s.shows
from sources as s
left join coverage as c on s.source_id = c.source_id
order by s.path, s.source_id
