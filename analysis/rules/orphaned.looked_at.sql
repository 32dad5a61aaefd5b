-- Worker processes, those that died, and those that may be alive or dead.
select
    count(*) as judged,
    count(*) filter (where state = 'gone') as dead,
    count(*) filter (where state = 'unknown') as untold_workers
from workers
