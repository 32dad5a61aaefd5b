-- Jobs that succeeded, and those that carry an idempotency key.
select
    count(*) as judged,
    count(case when idempotency_key is not null then 1 end) as with_key
from jobs
where successes > 0
