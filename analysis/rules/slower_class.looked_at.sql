-- Classes with runs enough before and after any moment, and the changes of pace among them.
select
    c.judged,
    s.changes
from (
    select count(*) as judged
    from class_baselines
    where runs >= 2 * $min_side_runs
) as c
cross join (
    select count(*) as changes
    from class_changes
) as s
