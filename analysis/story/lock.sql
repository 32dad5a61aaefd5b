-- The lock that kept a job from its queue the last time, and who held it.
select
    lock,
    holder_id,
    holder_basis,
    holder_end,
    holder_ended_at,
    next_at
from lock_conflicts
where job_key = $job_key
order by refused_at desc, source_id desc, line_no desc, record_no desc
limit 1
