-- Pools of workers of which it is known how busy they were, and what else is known of workers.
select
    m.judged,
    m.minutes,
    m.unknown_minutes,
    m.busiest,
    w.workers,
    w.without_pool,
    w.without_capacity
from (
    select
        count(distinct case when is_known then scope || '/' || system || '/' || pool end) as judged,
        count(*) as minutes,
        sum(case when is_known then 0 else 1 end) as unknown_minutes,
        max(case when is_known then busy / capacity end) as busiest
    from pool_minutes
) as m
cross join (
    select
        count(*) as workers,
        sum(case when pool is null then 1 else 0 end) as without_pool,
        sum(case when capacity is null then 1 else 0 end) as without_capacity
    from workers
) as w
