-- Of the ids at hand, those that a line has already, and the input in which it stands.
select
    h.native_id,
    min(s.path) as path
from ids_at_hand as h
inner join native_ids as k on h.native_id = k.native_id
inner join sources as s on k.source_id = s.source_id
group by h.native_id
order by h.native_id
