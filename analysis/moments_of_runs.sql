-- The first and the last failure, the first retry, the first job given up, and the minute with the most failures.
with failures as (
    select
        ended_at as seen_at,
        job_class,
        queue,
        error_class,
        row_number() over (order by ended_at, job_key, attempt) as place,
        count(*) over () as failures
    from attempts
    where state = 'failed' and ended_at is not null
),

retries as (
    select
        started_at as seen_at,
        job_key,
        job_class,
        queue,
        attempt,
        lag(state) over (partition by job_key order by attempt) as state_before
    from attempts
),

first_retry as (
    select
        seen_at,
        job_class,
        queue,
        attempt
    from retries
    where state_before = 'failed' and seen_at is not null
    qualify row_number() over (order by seen_at, job_key, attempt) = 1
),

first_given_up as (
    select
        finished_at as seen_at,
        job_class,
        queue,
        error_class,
        attempts
    from jobs
    where state = 'failed' and finished_at is not null
    qualify row_number() over (order by finished_at, job_key) = 1
),

worst_minute as (
    select
        min(seen_at) as seen_at,
        count(*) as failures
    from failures
    group by date_trunc('minute', seen_at)
    qualify row_number() over (order by count(*) desc, min(seen_at) asc) = 1
),

moments as (
    select
        seen_at,
        case when place = 1 then 'first_failure' else 'last_failure' end as kind,
        job_class,
        queue,
        error_class as error,
        1 as number
    from failures
    where place = 1 or place = failures
    union all
    select
        seen_at,
        'first_retry' as kind,
        job_class,
        queue,
        null as error,
        attempt as number
    from first_retry
    union all
    select
        seen_at,
        'first_given_up' as kind,
        job_class,
        queue,
        error_class as error,
        attempts as number
    from first_given_up
    union all
    select
        seen_at,
        'most_failures' as kind,
        null as job_class,
        null as queue,
        null as error,
        failures as number
    from worst_minute
    where failures > 1
)

select
    seen_at as at,
    kind,
    job_class,
    queue,
    null as worker,
    error,
    number
from moments
order by seen_at, kind
