-- Every input, what it covers and what of it could not be read.
select
    s.path as source,
    s.format,
    s.kind,
    s.system,
    s.shows,
    c.from_at,
    c.to_at,
    s.reject_count as rejects,
    s.bytes_pending as pending_bytes,
    c.longest_gap,
    coalesce(c.records, 0) as records
from sources as s
left join coverage as c on s.source_id = c.source_id
order by s.path, s.source_id
