-- Lines that hold a text: what was logged beside jobs, what no source could read, and what snapshots keep aside.
with told as (
    select
        source_id,
        line_no,
        occurred_at as said_at,
        message as text,
        job_id
    from log_lines
    where contains(message, $text) or contains(cast(attributes as varchar), $text)
    union all
    select
        source_id,
        line_no,
        null,
        'could not be read (' || reason || '): ' || beginning,
        null
    from rejected_lines
    where contains(beginning, $text)
    union all
    select
        source_id,
        line_no,
        occurred_at,
        event || coalesce(' ' || job_class, '') || coalesce(' ' || job_id, '') || ': '
        || coalesce(error_message, cast(arguments as varchar), cast(attributes as varchar)),
        job_id
    from job_events
    where contains(cast(arguments as varchar), $text) or contains(cast(attributes as varchar), $text) or contains(error_message, $text)
)

select
    s.path as source,
    t.line_no as line,
    t.said_at as at,
    t.text,
    t.job_id
from told as t
inner join sources as s on t.source_id = s.source_id
order by t.said_at nulls last, s.path, t.line_no, t.text
limit 5
