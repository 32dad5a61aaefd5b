-- What some lines of the inputs say, in the order asked for.
with asked as (
    select
        unnest($source_ids) as source_id,
        unnest($line_nos) as line_no,
        unnest(range(len($line_nos))) as place
),

said as (
    select
        source_id,
        line_no,
        record_no,
        occurred_at as said_at,
        replace(event, '_', ' ') || coalesce(' ' || job_class, '') || coalesce(' ' || job_id, '') as text
    from job_events
    union all
    select
        source_id,
        line_no,
        record_no,
        occurred_at,
        coalesce(message, replace(event, '_', ' ')) || coalesce(', ' || worker, '')
    from worker_events
    union all
    select
        source_id,
        line_no,
        record_no,
        occurred_at,
        message
    from log_lines
    union all
    select
        source_id,
        line_no,
        record_no,
        started_at,
        'span ' || coalesce(name, '') || ' ' || kind || coalesce(' ' || job_id, '')
    from spans
    union all
    select
        source_id,
        line_no,
        record_no,
        taken_at,
        'snapshot'
    from snapshots
)

select
    f.path as source,
    s.line_no as line,
    s.said_at as at,
    s.text
from said as s
inner join asked as a on s.source_id = a.source_id and s.line_no = a.line_no
inner join sources as f on s.source_id = f.source_id
qualify row_number() over (partition by a.place order by s.record_no, s.text) = 1
order by a.place
