-- The latest credible observation. A lone time more than an hour after all others is a wrong clock, not the present.
with observations as (
    select occurred_at as seen_at from job_events
    union all
    select occurred_at from worker_events
    union all
    select occurred_at from log_lines
    union all
    select coalesce(ended_at, started_at) from spans
),

latest as (
    select seen_at from observations
    where seen_at is not null
    order by seen_at desc
    limit 2
),

credible as (
    select
        case
            when count(*) = 2 and max(seen_at) - min(seen_at) > interval 1 hour then min(seen_at)
            else max(seen_at)
        end as seen_at
    from latest
)

select greatest((select seen_at from credible), (select max(taken_at) from snapshots)) as watermark;
