-- Pairs of machines with causes and effects enough to tell.
select count(*) as judged
from host_clocks
where basis <> 'future' and pairs >= 20
