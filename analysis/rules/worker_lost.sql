-- Worker processes that died without shutting down, each with the runs it took along; a row without a job where none.
with cut_off as (
    select
        a.*,
        exists(
            select 1 from attempts as later
            where later.job_key = a.job_key and later.attempt > a.attempt
        ) as ran_again
    from attempts as a
    where a.state = 'running' and a.worker_state = 'gone'
),

deaths as (
    select
        w.*,
        case when w.host is null then w.log end as its_log,
        case when w.host is null and w.log is null then coalesce(w.worker, w.worker_key) end as its_name,
        coalesce(w.worker, w.host || ':' || cast(w.pid as varchar), w.worker_key) as process
    from workers as w
    where
        w.state = 'gone'
        and w.last_seen_at <= $as_of - $min_age
        -- Its log would have told of an orderly end, unless what it told about that time is missing.
        and w.log_tells_ends
        and w.stopping_at is null
        and not exists (
            select 1 from log_gaps as g
            where
                g.scope = w.scope and g.system = w.system and g.kind = 'stretch'
                and g.log = w.log and coalesce(g.host = w.host, true)
                and g.from_at <= w.last_seen_at and g.to_at > w.last_seen_at
        )
        -- A process without work is silent, too: it had work, or its heart beat, and the log goes on without it.
        and (
            w.confidence = 'high'
            or (
                (w.heartbeats >= 2 or exists (
                    select 1 from cut_off as c
                    where c.worker_key = w.worker_key
                ))
                and (
                    w.successor_at is not null
                    or exists (
                        select 1 from workers as o
                        where o.scope = w.scope and o.log = w.log and o.last_line_at >= w.last_line_at + $min_age
                    )
                )
            )
        )
)

select
    a.job_key,
    a.job_id,
    a.attempt,
    d.scope,
    d.system,
    d.host,
    d.its_log as log,
    d.its_name as worker,
    a.job_class,
    a.queue,
    d.worker_key,
    d.process,
    d.state_basis as worker_basis,
    d.confidence as worker_confidence,
    d.last_seen_at as first_at,
    coalesce(d.successor_at, $as_of) as last_at,
    d.successor_at,
    coalesce(a.ran_again, false) as ran_again,
    d.last_source_id as source_id,
    d.last_line_no as line_no
from deaths as d
left join cut_off as a on d.worker_key = a.worker_key
order by d.last_seen_at, d.worker_key, a.job_key, a.attempt
