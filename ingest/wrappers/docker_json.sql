-- One row per line of a docker json-file log: what the container wrote, and what docker noted of it.
with
lines as (
    select
        r.line_no,
        case when json_valid(r.text) then r.text::json end as line
    from records as r
),

told as (
    select
        line_no,
        line,
        json_transform(line, '{"log": "VARCHAR", "stream": "VARCHAR", "time": "VARCHAR"}') as f
    from lines
)

select
    told.line_no,
    case when told.line is null then 'it begins like a line of docker''s log, but is cut or damaged' end as reason,
    f.log as text,
    f.stream as channel,
    try_cast(f.time as timestamptz) at time zone 'UTC' as written_at,
    not suffix(f.log, chr(10)) as partial,
    json_merge_patch(told.line, '{"log": null}')::varchar as kept
from told
order by told.line_no
