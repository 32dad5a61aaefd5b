-- Runs that began while an earlier run of the same job, or of a job with the same idempotency key, still went on.
with clocks as (
    -- How far clocks of an installation are known to be apart at least.
    select
        scope,
        system,
        max(behind) as apart
    from host_clocks
    where basis <> 'future'
    group by scope, system
),

timed as (
    select
        a.job_key,
        a.job_id,
        a.attempt,
        a.scope,
        a.system,
        a.job_class,
        a.queue,
        a.started_at,
        a.host,
        case
            when a.ended_at is not null then a.ended_at
            when a.state = 'running' and a.worker_state = 'alive' then $as_of
            -- Of a run whose end no input shows, it is certain only that it went on until its last sign.
            when a.heartbeat_at > a.started_at then a.heartbeat_at
            else a.started_at
        end as until_at,
        coalesce(j.idempotency_key, a.job_key) as work
    from attempts as a
    inner join jobs as j on a.job_key = j.job_key
    where a.started_at is not null
),

followed as (
    select
        *,
        max(until_at) over (
            partition by scope, system, work order by started_at, job_key, attempt
            rows between unbounded preceding and 1 preceding
        ) as before_until,
        lag(started_at) over one_work as before_started_at,
        lag(host) over one_work as before_host,
        lag(job_key) over one_work as before_job_key
    from timed
    window one_work as (partition by scope, system, work order by started_at, job_key, attempt)
),

sharing as (
    select
        f.*,
        case when f.before_until < f.until_at then f.before_until else f.until_at end as shared_until,
        case when c.apart > extract(epoch from $clock_tolerance) then c.apart else extract(epoch from $clock_tolerance) end
            as tolerance
    from followed as f
    left join clocks as c on f.scope = c.scope and f.system = c.system
    where f.before_until is not null
)

select
    job_key,
    job_id,
    attempt,
    scope,
    system,
    job_class,
    queue,
    before_started_at as first_at,
    shared_until as last_at,
    before_job_key <> job_key as by_key,
    coalesce(host <> before_host, true) as across_hosts,
    date_diff('microsecond', started_at, shared_until) / 1e6 as shared
from sharing
where
    date_diff('microsecond', started_at, shared_until) / 1e6
    > case when host = before_host then 0 else tolerance end
order by started_at, job_key, attempt
