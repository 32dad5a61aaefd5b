-- Jobs that a lock refused.
select count(*) as judged from lock_conflicts
