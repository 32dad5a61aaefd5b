-- Every sign of life of every worker process: which machine (or, where the log names none, which log), which pid, when.
create or replace temp table process_signs as
with process_looks as (
    -- Of a worker that its system knows by a name only, where that worker is; of one that never had a job, nothing.
    select
        s.scope,
        s.system,
        p.host,
        coalesce(p.host, w.place) as place,
        coalesce(p.pid, w.pid) as pid,
        p.worker,
        p.started_at,
        p.heartbeat_at,
        p.queues,
        p.concurrency,
        p.version
    from snapshot_processes as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    left join worker_places as w
        on p.pid is null and p.host is null and s.scope = w.scope and s.system = w.system and p.worker = w.worker
),

children as (
    -- A child that runs one job is no worker process.
    select distinct
        log_name,
        pid
    from forks
    where worker_pid is not null
),

written as (
    select
        source_id,
        line_no,
        scope,
        system,
        host,
        pid,
        worker,
        occurred_at as seen_at,
        case when event = 'heartbeat' then 'heartbeat' else 'line' end as sign,
        null::varchar[] as queues,
        null::integer as concurrency,
        null as version
    from told_events
    where
        (pid is not null or worker is not null or thread is not null)
        and event not in ('scheduled', 'enqueued', 'enqueue_failed')
    union all
    select
        source_id,
        line_no,
        scope,
        system,
        host,
        pid,
        worker,
        occurred_at,
        case when event in ('booted', 'heartbeat', 'stopping', 'stopped', 'died', 'pushed_back') then event else 'line' end,
        queues,
        concurrency,
        version
    from worker_events
    where (pid is not null or worker is not null or thread is not null)
    union all
    select
        l.source_id,
        l.line_no,
        l.scope,
        l.system,
        l.host,
        l.pid,
        null,
        l.occurred_at,
        'line',
        null,
        null,
        null
    from log_lines as l
    inner join sources as s on l.source_id = s.source_id
    left join children as f
        on log_of(s.path) = f.log_name and l.pid = f.pid
    where l.pid is not null and l.system is not null and f.pid is null
),

hosts_of_pids as (
    select
        scope,
        system,
        pid,
        min(host) as host
    from (
        select
            scope,
            system,
            pid,
            host
        from process_looks
        union all
        select
            scope,
            system,
            pid,
            host
        from written
        where sign = 'booted'
    )
    where host is not null
    group by scope, system, pid
    having count(distinct host) = 1
),

hosts_of_any as (
    -- A framework writes in its backend's process.
    select
        scope,
        pid,
        min(host) as host
    from process_looks
    group by scope, pid
    having count(distinct host) = 1
),

held as (
    -- The last line about a job before a snapshot finds it in the hands of a process of that pid.
    select
        e.scope,
        e.system,
        e.source_id,
        e.pid,
        j.host
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    inner join told_events as e
        on s.scope = e.scope and s.system = e.system and j.job_id = e.job_id and j.pid = e.pid and s.taken_at >= e.occurred_at
    where
        j.held_in = 'running' and j.host is not null and e.host is null
        and e.event not in ('scheduled', 'enqueued', 'enqueue_failed')
    qualify
        row_number() over (
            partition by s.snapshot_id, j.job_id, j.host, j.pid
            order by e.occurred_at desc, e.source_id asc, e.line_no asc
        ) = 1
),

hosts_of_logs as (
    -- Processes of several machines can have the same pid, in containers nearly all have. Which of them writes a log is
    -- told by the jobs in their hands and by when they were booted.
    select
        t.scope,
        t.system,
        t.pid,
        log_of(s.path) as log_name,
        min(t.host) as host
    from (
        select * from held
        union all
        select
            w.scope,
            w.system,
            w.source_id,
            w.pid,
            p.host
        from written as w
        inner join (select distinct
            scope,
            system,
            pid,
            host,
            started_at
        from process_looks) as p
            on
                w.scope = p.scope and w.system = p.system and w.pid = p.pid
                and abs(date_diff('second', w.seen_at, p.started_at)) <= 3
        where w.sign = 'booted' and w.host is null and p.host is not null
    ) as t
    inner join sources as s on t.source_id = s.source_id
    group by t.scope, t.system, t.pid, log_of(s.path)
    having count(distinct t.host) = 1
),

logs_of_one_process as (
    -- A process that tells of its boot and names threads only: what its threads write in that log is its own.
    select distinct log_of(s.path) as log_name
    from worker_events as e
    inner join sources as s on e.source_id = s.source_id
    where e.event = 'booted' and e.pid is null and e.worker is null and e.thread is not null
),

placed as (
    select
        w.*,
        log_of(s.path) as log_name,
        coalesce(w.host, h.host, l.host, a.host) as known_host
    from written as w
    inner join sources as s on w.source_id = s.source_id
    left join hosts_of_pids as h on w.scope = h.scope and w.system = h.system and w.pid = h.pid
    left join hosts_of_logs as l
        on w.scope = l.scope and w.system = l.system and w.pid = l.pid and log_of(s.path) = l.log_name
    left join hosts_of_any as a
        on
            w.scope = a.scope and w.pid = a.pid
            and (w.scope, w.system) not in (select (scope, system) from process_looks)
)

-- A worker without a process id is known by its name; in the log of a process that names threads only, by that log.
select
    w.scope,
    w.system,
    coalesce(w.known_host, n.place, w.log_name) as place,
    w.known_host as host,
    w.log_name,
    coalesce(w.pid, n.pid, case when w.worker is null then 0 end) as pid,
    w.worker,
    w.seen_at,
    w.sign,
    w.queues,
    w.concurrency,
    w.version,
    w.source_id,
    w.line_no
from placed as w
left join worker_places as n
    on w.pid is null and w.scope = n.scope and w.system = n.system and w.worker = n.worker
left join logs_of_one_process as o on w.log_name = o.log_name
where
    (w.seen_at is not null or w.queues is not null)
    and (w.pid is not null or w.worker is not null or o.log_name is not null)
union all
select
    scope,
    system,
    place,
    host,
    null,
    pid,
    worker,
    started_at,
    'booted',
    queues,
    concurrency,
    version,
    null,
    null
from process_looks
where started_at is not null and place is not null and pid is not null
union all
select
    scope,
    system,
    place,
    host,
    null,
    pid,
    worker,
    heartbeat_at,
    'heartbeat',
    queues,
    concurrency,
    version,
    null,
    null
from process_looks
where heartbeat_at is not null and place is not null and pid is not null;
