-- Limits that runs do not keep to, and limits of which one undoes the other.
with broken as (
    select
        *,
        runs_over >= $min_over as is_passed,
        coalesce(queue, '') as queue_name,
        coalesce(job_class, '') as class_name
    from limit_checks
    where
        runs_over >= $min_over
        -- A run that may last as long as its job stays hidden is handed out a second time before it is ended.
        or (kind = 'visibility_timeout' and time_limit >= seconds)
),

ranked as (
    select
        b.scope,
        b.system,
        b.class_name,
        b.queue_name,
        b.kind,
        a.job_key,
        a.job_id,
        a.attempt,
        a.started_at,
        a.run,
        row_number() over (
            partition by b.scope, b.system, b.class_name, b.queue_name, b.kind
            order by a.run desc, a.job_key asc, a.attempt asc
        ) as place
    from attempts as a
    inner join broken as b
        on
            a.scope = b.scope and a.system = b.system and coalesce(a.job_class, '') = b.class_name
            and coalesce(a.queue, '') = b.queue_name
    where b.is_passed and a.run > b.bar
)

select
    r.job_key,
    r.job_id,
    r.attempt,
    b.scope,
    b.system,
    -- Where no run took too long, the limits themselves are told, once for all that they are about.
    case when b.is_passed then b.job_class else b.limit_class end as job_class,
    case when b.is_passed then b.queue else b.limit_queue end as queue,
    b.kind as limit_kind,
    b.is_passed,
    b.seconds,
    b.basis,
    b.time_limit,
    b.runs,
    b.runs_over,
    b.handed_out_again,
    b.longest,
    b.source_id,
    b.line_no,
    coalesce(r.started_at, b.first_over_at) as first_at,
    coalesce(r.started_at, b.last_over_at) as last_at
from broken as b
left join ranked as r
    on
        b.scope = r.scope and b.system = r.system and b.class_name = r.class_name and b.queue_name = r.queue_name
        and b.kind = r.kind and r.place <= $named
order by b.scope, b.system, b.class_name, b.queue_name, b.kind, r.place, r.job_key
