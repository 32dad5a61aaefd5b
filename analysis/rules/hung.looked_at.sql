-- All runs, those without an end, and those of these whose worker may be alive or dead.
select
    count(*) as judged,
    count(*) filter (where state = 'running') as open_runs,
    count(*) filter (where state = 'running' and worker_state = 'unknown') as untold_runs
from attempts
