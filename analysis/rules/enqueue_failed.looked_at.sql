-- Jobs that are seen to come onto their queues, and pushes that failed.
select
    count(case when enqueued_at is not null then 1 end) as judged,
    (select count(*) from failed_enqueues) as failed
from jobs
