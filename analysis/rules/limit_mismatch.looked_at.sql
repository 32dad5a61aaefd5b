-- Limits that were held against runs.
select count(*) as judged from limit_checks
