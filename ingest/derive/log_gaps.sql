-- What is missing in logs and among snapshots, told by what is there: runs with one end only, runs and heartbeats that
-- would have left a line, machines that snapshots list.
insert into log_gaps by name
with told as (
    select
        source_id,
        line_no,
        occurred_at,
        host,
        scope,
        system
    from job_events
    union all
    select
        source_id,
        line_no,
        occurred_at,
        host,
        scope,
        system
    from worker_events
    union all
    select
        source_id,
        line_no,
        occurred_at,
        host,
        null,
        null
    from log_lines
),

placed as (
    select
        t.*,
        log_of(s.path) as log_name
    from told as t
    inner join sources as s on t.source_id = s.source_id
    where t.occurred_at is not null and s.kind = 'log'
),

logs as (
    -- A log that several machines write is as many logs.
    select
        log_name,
        count(distinct host) > 1 as is_shared,
        mode(scope) as scope,
        mode(system) as system
    from placed
    group by log_name
),

spaced as (
    select
        p.log_name,
        case when l.is_shared then p.host else '' end as writer,
        p.source_id,
        p.line_no,
        p.occurred_at as from_at,
        lead(p.occurred_at) over one_log as to_at,
        lead(p.source_id) over one_log as next_source_id,
        lead(p.line_no) over one_log as next_line_no
    from placed as p
    inner join logs as l on p.log_name = l.log_name
    window one_log as (
        partition by p.log_name, case when l.is_shared then p.host else '' end
        order by p.occurred_at, p.source_id, p.line_no
    )
),

writers as (
    select
        s.log_name,
        s.writer,
        any_value(l.scope) as scope,
        any_value(l.system) as system,
        min(s.from_at) as first_at,
        max(s.from_at) as last_at,
        count(*) as records,
        quantile_cont(seconds_between(s.from_at, s.to_at), 0.99) as usual_gap
    from spaced as s
    inner join logs as l on s.log_name = l.log_name
    where s.writer is not null and l.system is not null
    group by s.log_name, s.writer
),

log_runs as (
    select
        r.log_name,
        r.observer,
        case when l.is_shared then r.host else '' end as writer,
        r.start_seen_at,
        r.ended_at,
        r.duration,
        r.started_at,
        e.outcome is null and e.ended_at is null as is_open,
        lead(r.start_seen_at) over (
            partition by r.log_name, r.observer, r.host, r.pid, r.thread order by r.start_seen_at, r.run_id
        ) as went_on_at
    from runs as r
    inner join logs as l on r.log_name = l.log_name
    inner join fused_runs as f on r.run_id = f.run_id
    inner join executions as e on f.execution_id = e.execution_id
    where r.kind = 'log'
),

habits as (
    -- A log that tells of no starts at all has its level to thank for it, and lacks nothing.
    select
        log_name,
        writer,
        observer
    from log_runs
    group by log_name, writer, observer
    having
        count(*) filter (start_seen_at is not null and ended_at is not null) >= 20
        and count(*) filter (start_seen_at is null) <= 0.25 * count(*)
),

logs_of_workers as (
    select
        i.worker_key,
        any_value(g.log_name) as log_name,
        any_value(case when l.is_shared then g.host else '' end) as writer
    from process_signs as g
    inner join logs as l on g.log_name = l.log_name
    inner join incarnations as i on g.scope = i.scope and g.place = i.place and g.pid = i.pid
    group by i.worker_key
    having count(distinct g.log_name) = 1
),

beats as (
    select
        g.log_name,
        case when l.is_shared then g.host else '' end as writer,
        g.scope,
        g.place,
        g.pid,
        g.seen_at,
        seconds_between(
            g.seen_at, lead(g.seen_at) over (partition by g.log_name, g.scope, g.place, g.pid order by g.seen_at)
        ) as gap
    from process_signs as g
    inner join logs as l on g.log_name = l.log_name
    inner join worker_events as e
        on g.source_id = e.source_id and g.seen_at = e.occurred_at and g.pid = e.pid and e.event = 'heartbeat'
    where g.sign = 'heartbeat'
),

rhythms as (
    select
        log_name,
        scope,
        place,
        pid,
        median(gap) as rhythm
    from beats
    group by log_name, scope, place, pid
    having count(gap) >= 5 and median(gap) > 0
),

lacking as (
    select
        r.log_name,
        r.writer,
        'start' as line,
        1 as lines,
        r.started_at as missing_at
    from log_runs as r
    inner join habits as h on r.log_name = h.log_name and r.writer = h.writer and r.observer = h.observer
    where r.start_seen_at is null and r.ended_at is not null and r.duration > 0
    union all
    select
        r.log_name,
        r.writer,
        'end',
        1,
        r.start_seen_at
    from log_runs as r
    inner join habits as h on r.log_name = h.log_name and r.writer = h.writer and r.observer = h.observer
    where r.start_seen_at is not null and r.is_open and r.went_on_at is not null
    union all
    select
        w.log_name,
        w.writer,
        'run',
        1,
        a.started_at
    from attempts as a
    inner join logs_of_workers as w on a.worker_key = w.worker_key
    inner join habits as h on w.log_name = h.log_name and w.writer = h.writer
    where not list_contains(a.observers, 'log') and a.started_at is not null
    union all
    select
        b.log_name,
        b.writer,
        'heartbeat',
        cast(round(b.gap / r.rhythm) as bigint) - 1,
        b.seen_at + to_microseconds(cast(r.rhythm * 1e6 as bigint))
    from beats as b
    inner join rhythms as r on b.log_name = r.log_name and b.scope = r.scope and b.place = r.place and b.pid = r.pid
    where b.gap > 1.75 * r.rhythm
),

located as (
    -- Which silence each would have broken. What is missing before the log begins or after it ends is not missing in it.
    select
        m.*,
        s.source_id,
        s.line_no
    from lacking as m
    asof inner join spaced as s on m.log_name = s.log_name and m.writer = s.writer and m.missing_at >= s.from_at
    where s.to_at is not null
),

silences as (
    select
        log_name,
        writer,
        source_id,
        line_no,
        min(missing_at) as missing_from,
        max(missing_at) as missing_to,
        count(*) filter (line = 'start') as no_starts,
        count(*) filter (line = 'end') as no_ends,
        count(*) filter (line = 'run') as no_runs,
        coalesce(sum(lines) filter (line = 'heartbeat'), 0) as no_heartbeats
    from located
    group by log_name, writer, source_id, line_no
),

queues_of_logs as (
    -- Which queues the workers read that write a log; null where no input tells.
    select
        w.log_name,
        w.writer,
        list_distinct(flatten(list(k.queues) filter (k.queues is not null))) as queues
    from logs_of_workers as w
    inner join workers as k on w.worker_key = k.worker_key
    group by w.log_name, w.writer
),

taken as (
    -- Jobs that a worker took, as a log tells or as the queue without them tells.
    select
        job_key,
        scope,
        system,
        queue,
        coalesce(eligible_at, state_at) as came_at,
        vanished_by is not null and attempts = 0 as has_vanished
    from jobs
    where (vanished_by is not null or attempts > 0) and coalesce(eligible_at, state_at) is not null
),

readers as (
    -- Which logs would have told of each job that vanished: those whose workers read its queue, or may have.
    select
        q.log_name,
        q.writer,
        w.scope,
        w.system,
        w.records,
        t.came_at
    from queues_of_logs as q
    inner join writers as w on q.log_name = w.log_name and q.writer = w.writer
    inner join taken as t on w.scope = t.scope and w.system = t.system
    where t.has_vanished and coalesce(q.queues is null or list_contains(q.queues, t.queue), true)
),

long_silences as (
    select
        s.log_name,
        s.writer,
        s.source_id,
        s.line_no,
        s.from_at,
        s.to_at
    from spaced as s
    inner join writers as w on s.log_name = w.log_name and s.writer = w.writer
    where seconds_between(s.from_at, s.to_at) > 4 * w.usual_gap
),

vanished as (
    -- Jobs that vanish while a log is silent speak of the log, if elsewhere jobs hardly ever vanish: with a part p of all
    -- jobs vanishing anyway, k of them follow on each other by chance in a log of n records about n p ^ k times.
    select
        s.log_name,
        s.writer,
        s.source_id,
        s.line_no,
        count(*) as no_jobs,
        any_value(r.records) as records,
        any_value(r.scope) as scope,
        any_value(r.system) as system
    from readers as r
    asof inner join long_silences as s on r.log_name = s.log_name and r.writer = s.writer and r.came_at > s.from_at
    where r.came_at < s.to_at
    group by s.log_name, s.writer, s.source_id, s.line_no
),

rates as (
    select
        scope,
        system,
        count(*) as jobs,
        count(*) filter (has_vanished) as vanished
    from taken
    group by scope, system
),

telling as (
    select
        v.log_name,
        v.writer,
        v.source_id,
        v.line_no,
        v.no_jobs
    from vanished as v
    inner join rates as r on v.scope = r.scope and v.system = r.system
    where
        v.no_jobs >= 3
        and v.no_jobs * -ln(least(1, (r.vanished - v.no_jobs + 1) / cast(r.jobs - v.no_jobs + 1 as double)))
        > ln(1000.0 * v.records)
),

while_silent as (
    select
        s.log_name,
        s.writer,
        s.from_at,
        s.to_at,
        s.source_id,
        s.line_no,
        s.next_source_id,
        s.next_line_no,
        coalesce(l.no_starts, 0) as no_starts,
        coalesce(l.no_ends, 0) as no_ends,
        coalesce(l.no_runs, 0) as no_runs,
        coalesce(l.no_heartbeats, 0) as no_heartbeats,
        coalesce(t.no_jobs, 0) as no_jobs,
        l.missing_from,
        l.missing_to,
        coalesce(l.no_starts + l.no_ends + l.no_runs + l.no_heartbeats, 0) + coalesce(t.no_jobs, 0) as lacks,
        seconds_between(s.from_at, s.to_at) as gap
    from spaced as s
    left join silences as l
        on s.log_name = l.log_name and s.writer = l.writer and s.source_id = l.source_id and s.line_no = l.line_no
    left join telling as t
        on s.log_name = t.log_name and s.writer = t.writer and s.source_id = t.source_id and s.line_no = t.line_no
    where s.to_at is not null
),

run_starts as (
    select
        log_name,
        scope,
        start_seen_at
    from runs
    where kind = 'log' and start_seen_at is not null
),

stretches_of_one as (
    -- Where all logs of a system are silent at once there may have been nothing to tell.
    select
        g.log_name,
        g.writer,
        g.source_id,
        g.line_no
    from while_silent as g
    inner join writers as w on g.log_name = w.log_name and g.writer = w.writer
    where
        g.lacks >= 3
        and exists (
            select 1 from run_starts as r
            where r.scope = w.scope and r.log_name <> g.log_name and r.start_seen_at > g.from_at and r.start_seen_at < g.to_at
        )
),

judged as (
    select
        g.*,
        w.scope,
        w.system,
        w.usual_gap,
        w.records,
        case
            when g.lacks >= 3 then 'stretch'
            when g.lacks > 0 then 'lines'
            when w.records >= 200 and g.gap > 10 * w.usual_gap and g.gap > 600 then 'silence'
        end as kind,
        o.log_name is not null as others_went_on
    from while_silent as g
    inner join writers as w on g.log_name = w.log_name and g.writer = w.writer
    left join stretches_of_one as o
        on g.log_name = o.log_name and g.writer = o.writer and g.source_id = o.source_id and g.line_no = o.line_no
),

machines as (
    select
        w.scope,
        w.system,
        w.host,
        count(*) as processes,
        min(w.first_seen_at) as from_at,
        max(w.last_seen_at) as to_at
    from workers as w
    where w.host is not null and w.first_seen_at is not null
    group by w.scope, w.system, w.host
    having sum(w.lines) = 0
),

seen_often as (
    select
        s.scope,
        s.system,
        p.host,
        max(s.taken_at) as taken_at
    from snapshot_processes as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    group by s.scope, s.system, p.host
    having count(distinct s.snapshot_id) >= 2
),

told_by_log as (
    -- Only where each log is known to be some machine's can a machine be without one.
    select
        scope,
        system,
        min(from_at) as from_at,
        max(to_at) as to_at
    from (
        select
            scope,
            system,
            log_name,
            max(host) as host,
            min(seen_at) as from_at,
            max(seen_at) as to_at
        from process_signs
        where log_name is not null
        group by scope, system, log_name
    )
    group by scope, system
    having bool_and(host is not null)
),

looks as (
    select
        scope,
        system,
        source_id,
        line_no,
        taken_at,
        taken_at as from_at,
        lead(taken_at) over one_system as to_at,
        lead(source_id) over one_system as next_source_id,
        lead(line_no) over one_system as next_line_no,
        seconds_between(taken_at, lead(taken_at) over one_system) as gap
    from snapshots
    window one_system as (partition by scope, system order by taken_at, snapshot_id)
),

paces as (
    -- Where a quarter of all gaps is no longer than that, it is the rhythm, if the others are multiples of it.
    select
        scope,
        system,
        quantile_cont(gap, 0.25) as rhythm
    from looks
    where gap > 0
    group by scope, system
    having count(gap) >= 8
),

rhythmic as (
    select
        l.scope,
        l.system,
        any_value(p.rhythm) as rhythm,
        avg(case when abs(l.gap - p.rhythm) <= 0.1 * p.rhythm then 1 else 0 end) as on_rhythm,
        count(*) + 1 as records
    from looks as l
    inner join paces as p on l.scope = p.scope and l.system = p.system
    where l.gap > 0
    group by l.scope, l.system
    having
        on_rhythm >= 0.4
        and avg(case when abs(l.gap / p.rhythm - round(l.gap / p.rhythm)) <= 0.1 then 1 else 0 end) >= 0.9
),

found as (
    select
        scope,
        system,
        kind,
        log_name as log,
        nullif(writer, '') as host,
        from_at,
        to_at,
        usual_gap,
        null as on_rhythm,
        records,
        no_starts,
        no_ends,
        no_runs,
        no_heartbeats,
        no_jobs,
        others_went_on,
        0 as no_snapshots,
        source_id,
        line_no,
        next_source_id,
        next_line_no
    from judged
    where kind in ('stretch', 'silence')
    union all
    select
        any_value(scope),
        any_value(system),
        'lines',
        log_name,
        nullif(writer, ''),
        min(missing_from),
        max(missing_to),
        any_value(usual_gap),
        null,
        any_value(records),
        sum(no_starts),
        sum(no_ends),
        sum(no_runs),
        sum(no_heartbeats),
        0,
        false,
        0,
        arg_min(source_id, (missing_from, source_id, line_no)),
        arg_min(line_no, (missing_from, source_id, line_no)),
        arg_min(next_source_id, (missing_from, source_id, line_no)),
        arg_min(next_line_no, (missing_from, source_id, line_no))
    from judged
    where kind = 'lines'
    group by log_name, writer
    having sum(no_starts) + sum(no_heartbeats) > 0  -- A log may well have no word for an end of some kind.
    union all
    select
        m.scope,
        m.system,
        'machine',
        null,
        m.host,
        greatest(m.from_at, t.from_at),
        -- What the last snapshot still lists may have lived on.
        case when o.taken_at = l.taken_at then $as_of else least(m.to_at, t.to_at) end,
        null,
        null,
        m.processes,
        0,
        0,
        0,
        0,
        0,
        false,
        0,
        null,
        null,
        null,
        null
    from machines as m
    inner join told_by_log as t on m.scope = t.scope and m.system = t.system
    inner join seen_often as o on m.scope = o.scope and m.system = o.system and m.host = o.host
    inner join (
        select
            scope,
            system,
            max(taken_at) as taken_at
        from looks
        group by scope, system
    ) as l on m.scope = l.scope and m.system = l.system
    where greatest(m.from_at, t.from_at) < least(m.to_at, t.to_at)
    union all
    select
        l.scope,
        l.system,
        'snapshots',
        null,
        null,
        l.from_at,
        l.to_at,
        r.rhythm,
        r.on_rhythm,
        r.records,
        0,
        0,
        0,
        0,
        0,
        false,
        cast(round(l.gap / r.rhythm) as bigint) - 1,
        l.source_id,
        l.line_no,
        l.next_source_id,
        l.next_line_no
    from looks as l
    inner join rhythmic as r on l.scope = r.scope and l.system = r.system
    where l.gap > 1.75 * r.rhythm
)

select * from found
order by scope, system, kind, log nulls first, host nulls first, from_at;
