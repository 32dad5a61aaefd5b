-- Inputs whose times name no zone, where nobody stated it.
select
    path,
    zone,
    zone_basis
from sources
where zone_basis in ('assumed', 'worked out')
order by path, source_id
