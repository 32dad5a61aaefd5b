-- Number each job's executions, say when each was put on its queue, which process ran it and how it ended.
insert into attempts by name
with located as materialized (
    -- What each run tells of the process that it was in.
    select
        e.execution_id,
        k.system,
        k.job_id,
        e.scope,
        e.pid,
        e.host,
        e.log_name,
        e.workers,
        e.thread is not null as names_thread,
        coalesce(e.started_at, e.ended_at, timestamp '0001-01-01 00:00:00') as seen_at
    from executions as e
    inner join (select distinct
        job_key,
        system,
        job_id
    from job_keys) as k on e.job_key = k.job_key
),

whereabouts as (
    -- Few differ, and each is asked for once.
    select distinct
        scope,
        system,
        pid,
        host,
        log_name,
        workers,
        names_thread
    from located
),

signs as (
    select
        scope,
        pid,
        host,
        log_name,
        min(place) as place
    from process_signs
    group by scope, pid, host, log_name
),

processes as (
    -- Which process that can be: of one that gave a sign of life under that pid, or of the worker of that name.
    select
        a.*,
        s.place,
        a.pid as place_pid
    from whereabouts as a
    inner join signs as s on a.scope = s.scope and a.pid = s.pid
    where coalesce(a.log_name = s.log_name, s.log_name is null) and coalesce(a.host = s.host, true)
    union
    -- A log that names threads only is written by one process at a time.
    select
        a.*,
        s.place,
        s.pid
    from whereabouts as a
    inner join signs as s on a.scope = s.scope and a.log_name = s.log_name
    where a.pid is null and a.workers is null and a.names_thread and s.pid = 0 and coalesce(a.host = s.host, true)
    union
    select
        a.*,
        w.place,
        w.pid
    from whereabouts as a
    inner join worker_places as w on a.scope = w.scope and a.system = w.system and list_contains(a.workers, w.worker)
    where a.pid is null
),

placed as (
    select
        l.execution_id,
        l.scope,
        l.seen_at,
        p.place,
        p.place_pid
    from located as l
    inner join processes as p
        on
            l.scope = p.scope
            and l.system = p.system
            and l.pid is not distinct from p.pid
            and l.host is not distinct from p.host
            and l.log_name is not distinct from p.log_name
            and l.workers is not distinct from p.workers
            and l.names_thread = p.names_thread
),

in_process as (
    -- Where inputs know a worker by several names, the one whose life is known: a process, or what was seen last.
    select
        p.execution_id,
        i.worker_key
    from placed as p
    asof inner join incarnations as i
        on p.scope = i.scope and p.place = i.place and p.place_pid = i.pid and p.seen_at >= i.from_at
    left join workers as w on i.worker_key = w.worker_key
    qualify row_number() over (
        partition by p.execution_id order by w.last_seen_at desc nulls last, i.worker_key asc
    ) = 1
),

numbered as (
    -- A run handed out again repeats when its job was first enqueued: that is not since when this run waited.
    select
        e.execution_id,
        e.job_key,
        e.scope,
        l.system,
        l.job_id,
        e.started_at,
        e.ended_at,
        e.outcome,
        e.observers,
        e.last_seen_at,
        e.attempt_logged,
        p.worker_key,
        row_number() over job as attempt,
        lag(e.started_at) over job as previous_started_at,
        lag(e.attempt_logged) over job as previous_logged,
        case when coalesce(e.enqueued_at > lag(e.started_at) over job, true) then e.enqueued_at end as own_enqueued_at,
        lead(e.started_at) over (
            partition by p.worker_key, e.thread order by e.started_at, e.execution_id
        ) as thread_went_on_at
    from executions as e
    inner join located as l on e.execution_id = l.execution_id
    left join in_process as p on e.execution_id = p.execution_id
    window job as (partition by e.job_key order by coalesce(e.started_at, e.ended_at), e.execution_id)
),

queued as (
    -- The last time it was put on a queue before this run and after the one before. The enqueuer may log it after the
    -- run has begun, and its clock may differ, by two seconds; but what follows a failure is the next run's enqueue, and
    -- a worker that puts a job back does so by the clock that its runs are told by.
    select
        n.execution_id,
        q.enqueued_at,
        q.eligible_at
    from numbered as n
    inner join enqueues as q
        on
            n.job_key = q.job_key
            and q.enqueued_at <= n.started_at + interval 2 second
            and coalesce(n.previous_started_at < q.enqueued_at, true)
            and (
                n.started_at >= q.enqueued_at
                or not (q.is_return or coalesce(n.outcome = 'failed' and n.ended_at <= q.enqueued_at, false))
            )
            and coalesce(n.started_at <= q.run_told_at + interval 2 second, true)
    qualify
        row_number() over (partition by n.execution_id order by q.enqueued_at desc) = 1
        and coalesce(
            count(*) over (partition by n.execution_id) >= n.attempt_logged - coalesce(n.previous_logged, 0), true
        )
),

looks_since as (
    -- The last snapshot of each installation that shows workers.
    select
        s.scope,
        s.system,
        max(s.taken_at) as taken_at
    from snapshots as s
    inner join sources as f on s.source_id = f.source_id
    where list_contains(f.shows, 'workers')
    group by s.scope, s.system
),

out_of_hand as (
    -- Runs without an end that are over all the same: a snapshot taken later finds their process without them, or they
    -- are known from snapshots alone, of a process whose log is missing, and the latest one no longer has them.
    select n.execution_id
    from numbered as n
    inner join process_looks as p
        on n.worker_key = p.worker_key and p.seen_at >= greatest(n.started_at, n.last_seen_at) + interval 15 second
    where n.outcome is null and n.ended_at is null and not list_contains(p.job_keys, n.job_key)
    union
    select n.execution_id
    from numbered as n
    inner join looks_since as l on n.scope = l.scope and n.system = l.system
    left join workers as w on n.worker_key = w.worker_key
    where
        n.outcome is null and n.ended_at is null and n.observers = ['snapshot'] and n.last_seen_at < l.taken_at
        and coalesce(w.lines = 0, true)
),

usual_queues as (
    -- The only queue a class was ever seen on is where its other jobs went, too.
    select
        scope,
        system,
        job_class,
        min(queue) as queue
    from (
        select
            scope,
            system,
            job_class,
            queue
        from told_events
        union
        select
            s.scope,
            s.system,
            j.job_class,
            j.queue
        from told_snapshot_jobs as j
        inner join snapshots as s on j.snapshot_id = s.snapshot_id
        union
        select
            scope,
            coalesce(system, 'otel'),
            job_class,
            queue
        from spans
        where job_id is not null
    )
    where job_class is not null and queue is not null
    group by scope, system, job_class
    having count(distinct queue) = 1
),

job_facts as (
    select
        k.job_key,
        arg_min(j.job_class, (j.seen_at, j.job_class)) as job_class,
        arg_min(j.queue, (j.seen_at, j.queue)) as queue
    from (
        select
            scope,
            system,
            job_id,
            occurred_at as seen_at,
            job_class,
            queue
        from told_events
        where job_id is not null
        union all
        select
            s.scope,
            s.system,
            j.job_id,
            s.taken_at,
            j.job_class,
            j.queue
        from told_snapshot_jobs as j
        inner join snapshots as s on j.snapshot_id = s.snapshot_id
    ) as j
    inner join job_keys as k on j.scope = k.scope and j.system = k.seen_system and j.job_id = k.id
    where
        k.job_key in (
            select job_key from executions
            where job_class is null or queue is null
        )
    group by k.job_key
),

described as (
    select
        e.*,
        n.system,
        n.job_id,
        n.attempt,
        n.worker_key,
        n.thread_went_on_at,
        coalesce(e.job_class, f.job_class) as known_class,
        coalesce(e.queue, f.queue, u.queue) as known_queue,
        coalesce(q.enqueued_at, n.own_enqueued_at) as known_enqueued_at,
        case
            when e.wait is not null then e.started_at - to_microseconds(cast(e.wait * 1e6 as bigint))
            else coalesce(q.eligible_at, n.own_enqueued_at)
        end as eligible_at,
        w.state as process_state,
        w.last_seen_at as process_seen_at,
        h.execution_id is not null as is_out_of_hand
    from executions as e
    inner join numbered as n on e.execution_id = n.execution_id
    left join queued as q on n.execution_id = q.execution_id
    left join out_of_hand as h on n.execution_id = h.execution_id
    left join job_facts as f on n.job_key = f.job_key
    left join usual_queues as u
        on n.scope = u.scope and n.system = u.system and coalesce(e.job_class, f.job_class) = u.job_class
    left join workers as w on n.worker_key = w.worker_key
)

select
    job_key,
    attempt,
    attempt_logged,
    scope,
    system,
    job_id,
    known_class as job_class,
    known_queue as queue,
    known_enqueued_at as enqueued_at,
    eligible_at,
    started_at,
    ended_at,
    case
        when outcome is not null then outcome
        when ended_at is not null then 'unknown'
        when worker_key is not null and thread is not null and thread_went_on_at is not null then 'unknown'
        when process_state = 'stopped' or is_out_of_hand then 'unknown'
        else 'running'
    end as state,
    will_retry,
    -- greatest() passes over nulls: an unknown wait must not become none.
    coalesce(wait, case when eligible_at is not null then greatest(seconds_between(eligible_at, started_at), 0) end) as wait,
    coalesce(duration, seconds_between(started_at, ended_at)) as run,
    host,
    pid,
    thread,
    worker_key,
    coalesce(process_state, 'unknown') as worker_state,
    process_seen_at as worker_seen_at,
    heartbeat_at,
    error_class,
    error_message,
    error_fingerprint_of(error_class, error_message) as error_fingerprint,
    backtrace,
    trace_id,
    span_id,
    observers,
    coalesce(last_seen_at, ended_at, started_at, $as_of) as last_seen_at
from described
order by job_key, attempt;
