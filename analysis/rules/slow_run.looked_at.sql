-- Classes with runs enough to know what is usual, their runs, and all successful runs.
select
    count(*) filter (where runs >= $min_runs) as judged,
    coalesce(sum(runs) filter (where runs >= $min_runs), 0) as runs,
    coalesce(sum(runs), 0) as all_runs
from class_baselines
