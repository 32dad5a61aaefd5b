-- Hours of classes that can be told usual or not: because few jobs failed, or because there are others to compare with.
select
    count(case when failed_jobs < $min_jobs or other_jobs >= $min_others then 1 end) as judged,
    count(case when failed_jobs >= $min_jobs and other_jobs < $min_others then 1 end) as untold
from class_hours
