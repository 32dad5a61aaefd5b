-- Pairs of machines with causes and effects enough to tell; and whether all workers are on one machine.
with compared as (
    select count(*) as pairs
    from host_clocks
    where basis <> 'future' and pairs >= 20
),

machines as (
    select count(distinct host) as hosts
    from workers
)

select
    c.pairs,
    case when c.pairs > 0 then c.pairs when m.hosts = 1 then 1 else 0 end as judged
from compared as c
cross join machines as m
