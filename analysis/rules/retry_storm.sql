-- Failures that come back, in windows in which they are many, measured against the first runs in the same window.
with failures as (
    select a.*
    from attempts as a
    where
        a.state = 'failed' and a.queue is not null and a.ended_at is not null
        and (
            a.will_retry
            or exists (
                select 1 from attempts as later
                where later.job_key = a.job_key and later.attempt > a.attempt
            )
        )
),

crowded as (
    -- Where windows begin that hold enough failures, and the stretches of a window's length that these touch.
    select distinct
        scope,
        system,
        queue,
        stretch + reach.further as stretch
    from (
        select
            scope,
            system,
            queue,
            cast(floor(extract(epoch from ended_at) / extract(epoch from $window)) as bigint) as stretch,
            count(*) over (
                partition by scope, system, queue order by ended_at
                range between current row and $window following
            ) as failures_following
        from failures
    ) as f
    cross join (values (0), (1)) as reach (further)
    where f.failures_following >= $min_retries
),

first_runs as (
    select a.*
    from attempts as a
    inner join crowded as c
        on
            a.scope = c.scope and a.system = c.system and a.queue = c.queue
            and cast(floor(extract(epoch from a.started_at) / extract(epoch from $window)) as bigint) = c.stretch
    where a.attempt = 1 and coalesce(a.attempt_logged, 1) = 1
),

happenings as (
    select
        scope,
        system,
        queue,
        ended_at as happened_at,
        job_key,
        attempt,
        1 as failures,
        0 as first_runs
    from failures
    union all
    select
        scope,
        system,
        queue,
        started_at,
        job_key,
        attempt,
        0,
        1
    from first_runs
),

measured as (
    select
        *,
        sum(failures) over following as failures_following,
        sum(first_runs) over following as first_runs_following
    from happenings
    window
        following as (
            partition by scope, system, queue order by happened_at
            range between current row and $window following
        )
),

beginnings as (
    -- A window that begins with a failure and holds enough of them is a storm.
    select
        *,
        case
            when failures = 1 and failures_following >= $min_retries and failures_following > $ratio * first_runs_following
                then failures_following / greatest(first_runs_following, 1)
        end as storm_ratio
    from measured
),

covered as (
    select
        job_key,
        attempt,
        failures,
        max(storm_ratio) over (
            partition by scope, system, queue order by happened_at
            range between $window preceding and current row
        ) as storm_ratio
    from beginnings
)

select
    f.job_key,
    f.job_id,
    f.attempt,
    f.scope,
    f.system,
    f.job_class,
    f.queue,
    f.error_class,
    f.started_at as first_at,
    f.ended_at as last_at,
    c.storm_ratio
from failures as f
inner join covered as c on f.job_key = c.job_key and f.attempt = c.attempt and c.failures = 1
where c.storm_ratio is not null
order by f.scope, f.system, f.queue, f.ended_at, f.job_key, f.attempt
