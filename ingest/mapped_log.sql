-- One row per line of a mapped JSON log: the texts at the mapped keys, whether it tells an event, and what it says beside.
with
lines as (
    select
        r.line_no,
        try_cast(r.text as json) as line
    from records as r
),

objects as (
    select
        line_no,
        line,
        case when json_type(line) = 'OBJECT' then line end as object
    from lines
),

-- A key is looked for as it is written first, then as a way into the object.
told as (
    select
        line_no,
        line,
        object,
        case
            when not $dotted then json_extract_string(object, $as_written)
            else list_transform(
                list_zip(json_extract_string(object, $as_written), json_extract_string(object, $as_ways)),
                lambda pair: coalesce(pair[1], pair[2])
            )
        end as told
    from objects
),

judged as (
    select
        *,
        coalesce(
            list_contains($exact, told[$event_at])
            or len(list_filter($prefixes, lambda prefix: starts_with(told[$event_at], prefix))) > 0,
            false
        )
        and len(
            list_filter(
                range(1, len($when_at) + 1), lambda place: told[$when_at[place]] is distinct from $when_values[place]
            )
        ) = 0 as is_event
    from told
)

select
    line_no,
    case
        when line is null then 'no valid JSON: the line is cut or damaged'
        when object is null then 'JSON, but no object'
    end as reason,
    told,
    is_event,
    -- the patch removes what the columns hold; it is worked out only for lines that say more than that
    nullif(
        case
            when
                is_event
                and len(list_filter(json_keys(object), lambda key: not list_contains($keys_of_events, key))) > 0
                then json_merge_patch(object, $told_of_events)
            when
                not is_event
                and len(list_filter(json_keys(object), lambda key: not list_contains($keys_of_lines, key))) > 0
                then json_merge_patch(object, $told_of_lines)
        end::varchar,
        '{}'
    ) as beside
from judged
