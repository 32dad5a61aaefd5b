-- One row per life of a process: pids come again, in containers they hardly ever differ. A boot begins a new life.
create or replace temp table incarnations as
with boots as (
    select distinct
        scope,
        place,
        pid,
        seen_at
    from process_signs
    where sign = 'booted'
),

spaced as (
    -- One boot writes several lines; signs within three seconds of each other are one boot.
    select
        *,
        seen_at - lag(seen_at) over (partition by scope, place, pid order by seen_at) as since_last
    from boots
),

lives as (
    select
        scope,
        place,
        pid,
        seen_at - interval 3 second as from_at,
        seen_at as booted_at
    from spaced
    where since_last is null or since_last > interval 3 second
    union all
    -- What was seen before the first boot, or of a process whose boot no input shows.
    select distinct
        scope,
        place,
        pid,
        timestamp '0001-01-01 00:00:00',
        null
    from process_signs
),

followed as (
    select
        *,
        lead(booted_at) over (partition by scope, place, pid order by from_at) as next_booted_at
    from lives
)

select
    *,
    case when scope = '' then '' else scope || '/' end || place || case when pid = 0 then '' else ':' || pid end
    || case when booted_at is null then '' else '@' || strftime(booted_at, '%Y-%m-%dT%H:%M:%SZ') end as worker_key
from followed
order by scope, place, pid, from_at;
