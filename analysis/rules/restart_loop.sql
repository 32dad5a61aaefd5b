-- Worker processes that booted again and again on one machine within a short time, each soon after the last had ended.
with lives as (
    select
        w.*,
        -- Of a log that is written on one machine that machine is known, even for a process that no snapshot ever saw.
        coalesce(w.host, m.host) as machine,
        case when coalesce(w.host, m.host) is null then w.log end as machine_log,
        coalesce(w.stopped_at, case when w.state = 'gone' then w.last_seen_at end) as ended_at
    from workers as w
    left join (
        select
            scope,
            log,
            min(host) as host
        from workers
        where log is not null and host is not null
        group by scope, log
        having count(distinct host) = 1
    ) as m on w.scope = m.scope and w.log = m.log
    where w.booted_at is not null
),

placed as (
    select
        *,
        coalesce(ended_at <= booted_at + $window, false) as is_short
    from lives
    where machine is not null or machine_log is not null
),

followed as (
    select
        *,
        lag(is_short) over (
            partition by scope, system, machine, machine_log order by booted_at, worker_key
        ) as follows_short
    from placed
),

brief as (
    -- Short lives, and the one that began after the last of them.
    select * from followed
    where is_short or follows_short
),

beside as (
    -- How many of them lived at once when one began: where a machine has twenty workers, a deploy boots twenty.
    select
        b.worker_key,
        count(*) as at_once
    from brief as b
    inner join brief as o
        on
            b.scope = o.scope and b.system = o.system
            and b.machine is not distinct from o.machine and b.machine_log is not distinct from o.machine_log
            and b.booted_at >= o.booted_at and b.booted_at <= o.booted_at + $window
            and (b.worker_key = o.worker_key or coalesce(b.booted_at < o.ended_at, true))
    group by b.worker_key
),

windows as (
    select
        b.worker_key,
        b.scope,
        b.system,
        b.machine,
        b.machine_log,
        b.booted_at,
        count(*) as booted,
        max(s.at_once) as at_once
    from brief as b
    inner join brief as o
        on
            b.scope = o.scope and b.system = o.system
            and b.machine is not distinct from o.machine and b.machine_log is not distinct from o.machine_log
            and b.booted_at >= o.booted_at and b.booted_at <= o.booted_at + $window
    inner join beside as s on o.worker_key = s.worker_key
    group by b.worker_key, b.scope, b.system, b.machine, b.machine_log, b.booted_at
),

loops as (
    select b.*
    from brief as b
    where exists (
        select 1 from windows as w
        where
            b.scope = w.scope and b.system = w.system
            and b.machine is not distinct from w.machine and b.machine_log is not distinct from w.machine_log
            and b.booted_at <= w.booted_at and b.booted_at >= w.booted_at - $window
            and w.booted >= $boots * w.at_once
    )
),

turns as (
    select
        *,
        lag(booted_at) over (
            partition by scope, system, machine, machine_log order by booted_at, worker_key
        ) as booted_before
    from loops
),

stretched as (
    select
        *,
        sum(case when booted_at <= booted_before + $window then 0 else 1 end) over (
            partition by scope, system, machine, machine_log order by booted_at, worker_key
            rows between unbounded preceding and current row
        ) as stretch
    from turns
),

spans as (
    select
        scope,
        system,
        machine,
        machine_log,
        min(booted_at) as from_at,
        max(coalesce(ended_at, booted_at)) as to_at
    from stretched
    group by scope, system, machine, machine_log
),

seen as (
    -- From when to when anything is known of the machine's processes.
    select
        scope,
        system,
        machine,
        machine_log,
        min(coalesce(first_seen_at, booted_at)) as from_at,
        max(coalesce(last_seen_at, booted_at)) as to_at
    from placed
    group by scope, system, machine, machine_log
),

held_up as (
    -- The longest wait meanwhile on the queues that this machine's processes take jobs from.
    select
        s.scope,
        s.system,
        s.machine,
        s.machine_log,
        max(case when q.wait_max > q.oldest_wait or q.oldest_wait is null then q.wait_max else q.oldest_wait end) as worst_wait
    from spans as s
    inner join (
        select distinct
            p.scope,
            p.system,
            p.machine,
            p.machine_log,
            a.queue
        from placed as p
        inner join attempts as a on p.worker_key = a.worker_key
    ) as r
        on
            s.scope = r.scope and s.system = r.system
            and s.machine is not distinct from r.machine and s.machine_log is not distinct from r.machine_log
    inner join queue_minutes as q on r.scope = q.scope and r.system = q.system and r.queue = q.queue
    where q.minute between s.from_at and s.to_at
    group by s.scope, s.system, s.machine, s.machine_log
)

select
    a.job_key,
    a.job_id,
    a.attempt,
    l.scope,
    l.system,
    l.machine as host,
    l.machine_log as log,
    l.worker_key,
    l.booted_at as first_at,
    coalesce(l.ended_at, l.booted_at) as last_at,
    date_diff('microsecond', l.booted_at, l.ended_at) / 1e6 as lived,
    l.is_short,
    l.state = 'stopped' as is_orderly,
    l.confidence as worker_confidence,
    l.state_basis as worker_basis,
    l.attempts as runs,
    l.stretch,
    h.worst_wait,
    date_diff('microsecond', n.from_at, n.to_at) / 1e6 as seen_for,
    a.job_key is not null and not exists (
        select 1 from attempts as later
        where later.job_key = a.job_key and later.attempt > a.attempt
    ) as not_run_again,
    l.boot_source_id as source_id,
    l.boot_line_no as line_no,
    case when l.is_short then l.last_source_id end as next_source_id,
    case when l.is_short then l.last_line_no end as next_line_no
from stretched as l
inner join seen as n
    on
        l.scope = n.scope and l.system = n.system
        and l.machine is not distinct from n.machine and l.machine_log is not distinct from n.machine_log
left join held_up as h
    on
        l.scope = h.scope and l.system = h.system
        and l.machine is not distinct from h.machine and l.machine_log is not distinct from h.machine_log
left join attempts as a
    on l.worker_key = a.worker_key and l.is_short and a.state not in ('succeeded', 'failed', 'cancelled')
order by l.booted_at, l.worker_key, a.job_key, a.attempt
