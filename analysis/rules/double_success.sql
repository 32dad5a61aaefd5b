-- Successes after a first one: of the same job, or of another job that carries the same idempotency key.
with successes as (
    select
        a.job_key,
        a.job_id,
        a.attempt,
        a.scope,
        a.system,
        a.job_class,
        a.queue,
        a.started_at,
        coalesce(a.ended_at, a.started_at) as succeeded_at,
        j.idempotency_key
    from attempts as a
    inner join jobs as j on a.job_key = j.job_key
    where a.state = 'succeeded'
),

again as (
    select
        *,
        'job' as basis,
        lag(succeeded_at) over one_job as before_at,
        row_number() over one_job > 1 as is_again
    from successes
    window one_job as (partition by job_key order by attempt)
    union all
    select
        *,
        'key' as basis,
        lag(succeeded_at) over one_key as before_at,
        lag(job_key) over one_key <> job_key as is_again
    from successes
    where idempotency_key is not null and succeeded_at is not null
    window one_key as (partition by scope, system, job_class, idempotency_key order by succeeded_at, job_key, attempt)
)

select
    s.job_key,
    s.job_id,
    s.attempt,
    s.scope,
    s.system,
    s.job_class,
    s.queue,
    s.basis,
    s.idempotency_key,
    coalesce(s.before_at, s.started_at) as first_at,
    s.succeeded_at as last_at,
    date_diff('microsecond', s.before_at, s.succeeded_at) / 1e6 as gap
from again as s
left join work_paces as p
    on
        s.scope = p.scope and s.system = p.system and s.job_class = p.job_class and s.idempotency_key = p.work
        and p.gaps >= $pace_times and p.on_pace >= $pace_share
where
    s.is_again
    and (
        s.basis = 'job'
        -- A key that comes again on a timetable names the work, not one piece of it.
        or (
            date_diff('microsecond', s.before_at, s.succeeded_at) / 1e6 <= extract(epoch from $within)
            and coalesce(date_diff('microsecond', s.before_at, s.succeeded_at) / 1e6 <= p.pace / 2, true)
        )
    )
qualify row_number() over (partition by s.job_key, s.attempt order by s.basis) = 1
order by s.succeeded_at, s.job_key, s.attempt
