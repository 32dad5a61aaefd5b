-- Runs that ended; and the classes with spans, and how many of their runs could have one.
with shared as (
    select
        count(distinct coalesce(job_class, '')) as classes,
        coalesce(sum(case when part = 'run' then told else 0 end), 0) as runs
    from span_shares
    where with_span > 0 and told >= $min_told
),

ended as (
    select count(*) as judged
    from attempts
    where state in ('succeeded', 'failed')
)

select
    e.judged,
    s.classes,
    s.runs
from shared as s
cross join ended as e
