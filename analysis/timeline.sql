-- Starts, failures and retries in equal steps of time, counted from the period's beginning.
with runs as (
    select
        job_key,
        attempt,
        started_at,
        ended_at,
        state,
        lag(state) over (partition by job_key order by attempt) as state_before
    from attempts
),

moments as (
    select
        started_at as seen_at,
        1 as starts,
        0 as failures,
        case when state_before = 'failed' then 1 else 0 end as retries
    from runs
    where started_at is not null
    union all
    select
        ended_at as seen_at,
        0 as starts,
        1 as failures,
        0 as retries
    from runs
    where state = 'failed' and ended_at is not null
)

select
    cast(floor((epoch(seen_at) - epoch($first_at)) / $step) as bigint) as place,
    cast(sum(starts) as bigint) as starts,
    cast(sum(failures) as bigint) as failures,
    cast(sum(retries) as bigint) as retries
from moments
where seen_at between $first_at and $last_at
group by place
order by place
