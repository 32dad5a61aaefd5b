-- Which period each input covers, where it fell silent longest, and what it would have shown.
insert into coverage by name
with observations as (
    select
        source_id,
        occurred_at as seen_at,
        host
    from job_events
    union all
    select
        source_id,
        occurred_at,
        host
    from worker_events
    union all
    select
        source_id,
        occurred_at,
        host
    from log_lines
    union all
    select
        source_id,
        started_at,
        host
    from spans
    union all
    select
        source_id,
        taken_at,
        null
    from snapshots
    union all
    select
        source_id,
        occurred_at,
        null
    from marks
),

named as (
    select
        source_id,
        list_sort(list_distinct(list(host))) as hosts
    from (
        select distinct
            source_id,
            host
        from observations
        union
        select distinct
            source_id,
            host
        from snapshot_processes
    )
    where host is not null
    group by source_id
),

spaced as (
    select
        source_id,
        seen_at,
        seconds_between(lag(seen_at) over (partition by source_id order by seen_at), seen_at) as gap,
        lag(seen_at) over (partition by source_id order by seen_at) as previous_at
    from observations
    where seen_at is not null
)

select
    s.source_id,
    s.path,
    s.format,
    s.kind,
    s.system,
    s.shows,
    coalesce(n.hosts, []) as hosts,
    min(p.seen_at) as from_at,
    max(p.seen_at) as to_at,
    count(p.seen_at) as records,
    median(p.gap) as median_gap,
    max(p.gap) as longest_gap,
    arg_min(p.previous_at, (-p.gap, p.previous_at)) filter (p.gap is not null) as longest_gap_at
from sources as s
left join spaced as p on s.source_id = p.source_id
left join named as n on s.source_id = n.source_id
where s.kind <> 'none'
group by s.source_id, s.path, s.format, s.kind, s.system, s.shows, n.hosts
order by s.source_id;
