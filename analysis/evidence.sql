-- The first pieces of evidence of some jobs, in the order of their lives: application lines last, where there are many.
with ranked as (
    select
        e.*,
        row_number() over (
            partition by e.job_key
            order by case when e.event = 'line' then 1 else 0 end, e.seen_at, e.source_id, e.line_no, e.record_no, e.text
        ) as place
    from attempt_evidence as e
    where list_contains($job_keys, e.job_key)
)

select
    s.path as source,
    r.line_no as line,
    r.seen_at as at,
    r.text
from ranked as r
inner join sources as s on r.source_id = s.source_id
where r.place <= 8
order by list_position($job_keys, r.job_key), r.seen_at, s.path, r.line_no, r.record_no, r.text
