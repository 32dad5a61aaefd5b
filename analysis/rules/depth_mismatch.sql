-- Queues that hold other than what came and what began since the snapshot before add up to.
with compared as (
    select
        *,
        abs(expected - depth_to) - at_edges as off_by,
        case
            when came >= began and came >= depth_to then came
            when began >= depth_to then began
            else depth_to
        end as size_of_traffic
    from depth_checks
)

select
    cast(null as varchar) as job_key,
    cast(null as varchar) as job_id,
    cast(null as integer) as attempt,
    scope,
    system,
    queue,
    from_at as first_at,
    to_at as last_at,
    depth_from,
    came,
    began,
    expected,
    depth_to,
    abs(expected - depth_to) as differs_by,
    source_id,
    line_no,
    next_source_id,
    next_line_no
from compared
where off_by > $min_off and off_by > $min_off_share * size_of_traffic
order by from_at, queue, job_key
