-- The lock that kept a job from its queue the last time, who held it, and whether it was left behind.
select
    c.lock,
    c.holder_id,
    c.holder_basis,
    c.holder_end,
    c.holder_ended_at,
    c.next_at,
    (
        select max(h.seen_at) from held_locks as h
        where h.scope = c.scope and h.lock = c.lock and h.missing_since is not null and not h.outlives_holder
    ) as left_behind_at
from lock_conflicts as c
where c.job_key = $job_key
order by c.refused_at desc, c.source_id desc, c.line_no desc, c.record_no desc
limit 1
