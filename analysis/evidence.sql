-- Pieces of evidence of some jobs, in the order of their lives: what runs and snapshots say first, where there are many;
-- spans of enqueues, heartbeats and lines of the application only where little else is known.
with weighed as (
    select
        e.*,
        e.event in ('line', 'heartbeat', 'enqueue') as is_aside
    from attempt_evidence as e
    where list_contains($job_keys, e.job_key)
),

ranked as (
    select
        e.*,
        count(*) filter (not e.is_aside) over (partition by e.job_key) as telling,
        row_number() over (
            partition by e.job_key
            order by e.is_aside, e.seen_at, e.source_id, e.line_no, e.record_no, e.text
        ) as place
    from weighed as e
)

select
    s.path as source,
    r.line_no as line,
    r.seen_at as at,
    r.text
from ranked as r
inner join sources as s on r.source_id = s.source_id
where r.place <= 8 and (not r.is_aside or r.telling < 3)
order by list_position($job_keys, r.job_key), r.seen_at, s.path, r.line_no, r.record_no, r.text
