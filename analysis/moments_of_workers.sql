-- Workers that died or vanished, and starts and orderly stops of workers, those of one minute together; five of each kind.
with lost as (
    select
        w.last_seen_at as seen_at,
        'worker_lost' as kind,
        coalesce(w.worker, w.worker_key) as worker,
        count(a.job_key) as number
    from workers as w
    left join attempts as a on w.worker_key = a.worker_key and a.state = 'running'
    where w.state = 'gone'
    group by w.worker_key, w.worker, w.last_seen_at
),

restarts as (
    select
        min(booted_at) as seen_at,
        'workers_started' as kind,
        null as worker,
        count(*) as number
    from workers
    where booted_at is not null
    group by date_trunc('minute', booted_at)
    union all
    select
        min(stopped_at) as seen_at,
        'workers_stopped' as kind,
        null as worker,
        count(*) as number
    from workers
    where stopped_at is not null
    group by date_trunc('minute', stopped_at)
),

moments as (
    select * from lost
    union all
    select * from restarts
)

select
    seen_at as at,
    kind,
    null as job_class,
    null as queue,
    worker,
    null as error,
    number
from moments
where seen_at is not null
qualify row_number() over (partition by kind order by number desc, seen_at asc, worker asc) <= 5
order by seen_at, kind, worker
