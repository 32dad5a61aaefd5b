-- Of the ids at hand, those that no other line has; a line that is read again has its own no more.
select h.native_id
from ids_at_hand as h
where h.native_id not in (select k.native_id from native_ids as k)
order by h.native_id
