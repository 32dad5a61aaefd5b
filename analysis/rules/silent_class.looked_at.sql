-- Classes that are known at the same hours of enough earlier days.
select
    count(*) as judged,
    count(*) filter (comings > 0) as came_then
from class_silences
where days >= $min_days
