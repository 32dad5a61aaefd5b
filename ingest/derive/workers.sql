-- What became of each worker process, by the latest snapshot that would have shown it, else by its heartbeats and lines.
insert into workers by name
with signs as (
    select
        p.*,
        i.worker_key,
        i.booted_at,
        i.next_booted_at,
        case
            when p.log_name is not null
                then seconds_between(lag(p.seen_at) over (partition by i.worker_key, p.log_name order by p.seen_at), p.seen_at)
        end as gap
    from process_signs as p
    asof inner join incarnations as i
        on
            p.scope = i.scope and p.place = i.place and p.pid = i.pid
            and coalesce(p.seen_at, timestamp '0001-01-01 00:00:00') >= i.from_at
),

processes as (
    select
        worker_key,
        scope,
        arg_max(system, (seen_at, system)) as system,
        place,
        pid,
        arg_max(worker, (seen_at, worker)) as worker,
        arg_max(host, (seen_at, host)) as host,
        arg_max(version, (seen_at, version)) as version,
        list_sort(list_distinct(flatten(list(queues) filter (queues is not null)))) as queues,
        arg_max(concurrency, (seen_at, concurrency)) as concurrency,
        -- Some processes have threads of their own for each group of queues.
        min(concurrency) < max(concurrency)
        or count(distinct list_sort(list_distinct(queues))) filter (concurrency is not null) > 1 as has_several_concurrencies,
        min(booted_at) as booted_at,
        min(next_booted_at) as next_booted_at,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at,
        max(seen_at) filter (log_name is not null) as last_line_at,
        count(*) filter (log_name is not null) as lines,
        max(gap) as longest_gap,
        max(seen_at) filter (sign = 'stopped') as said_stopped_at,
        max(seen_at) filter (sign = 'stopping') as stopping_at,
        max(seen_at) filter (sign = 'died') as died_at,
        count(*) filter (sign = 'heartbeat' and log_name is not null) as heartbeats,
        min(seen_at) filter (sign = 'heartbeat' and log_name is not null) as first_heartbeat_at,
        max(seen_at) filter (sign = 'heartbeat' and log_name is not null) as last_heartbeat_at,
        arg_max(log_name, (seen_at, log_name)) as log_name,
        arg_min(source_id, (seen_at, source_id, line_no)) filter (sign = 'booted' and line_no is not null) as boot_source_id,
        arg_min(line_no, (seen_at, source_id, line_no)) filter (sign = 'booted' and line_no is not null) as boot_line_no
    from signs
    group by worker_key, scope, place, pid
),

ended as (
    -- Some systems say only that a worker shuts down: with no run left open it did.
    select
        p.*,
        coalesce(
            p.said_stopped_at,
            case
                when
                    not exists (
                        select 1 from runs as r
                        where
                            r.kind = 'log' and r.scope = p.scope
                            and coalesce(
                                r.pid = p.pid,
                                p.pid = 0 and coalesce(r.worker = p.worker, r.log_name = p.log_name)
                            )
                            and r.start_seen_at >= p.first_seen_at and r.ended_at is null
                    ) then p.stopping_at
            end
        ) as stopped_at
    from processes as p
),

looks as (
    select
        s.scope,
        s.system,
        max(s.taken_at) as taken_at
    from snapshots as s
    inner join sources as f on s.source_id = f.source_id
    where list_contains(f.shows, 'workers')
    group by s.scope, s.system
),

seen_in_look as (
    select
        s.scope,
        s.system,
        s.taken_at,
        coalesce(p.host, w.place) as place,
        coalesce(p.pid, w.pid) as pid,
        p.started_at,
        max(p.heartbeat_at) as heartbeat_at,
        max(p.heartbeat_period) as heartbeat_period
    from snapshot_processes as p
    inner join snapshots as s on p.snapshot_id = s.snapshot_id
    inner join looks as l on s.scope = l.scope and s.system = l.system and s.taken_at = l.taken_at
    left join worker_places as w
        on p.pid is null and p.host is null and s.scope = w.scope and s.system = w.system and p.worker = w.worker
    group by s.scope, s.system, s.taken_at, coalesce(p.host, w.place), coalesce(p.pid, w.pid), p.started_at
),

later_boots as (
    -- Another process that booted into the same log after this one fell silent.
    select
        p.worker_key,
        q.booted_at as replaced_at
    from processes as p
    asof inner join (
        select distinct
            scope,
            log_name,
            booted_at
        from processes
        where booted_at is not null
    ) as q on p.scope = q.scope and p.log_name = q.log_name and p.last_seen_at < q.booted_at
),

successors as (
    -- Another process that first wrote into the same log after this one fell silent.
    select
        p.worker_key,
        q.first_seen_at as succeeded_at
    from processes as p
    asof inner join (
        select distinct
            scope,
            log_name,
            first_seen_at
        from processes
    ) as q on p.scope = q.scope and p.log_name = q.log_name and p.last_seen_at < q.first_seen_at
),

weighed as (
    select
        p.*,
        l.taken_at as looked_at,
        v.place is not null as in_look,
        v.heartbeat_at as look_heartbeat_at,
        seconds_between(v.heartbeat_at, l.taken_at) as look_silence,
        greatest(4 * coalesce(v.heartbeat_period, 15), 20) as look_patience,
        coalesce(p.next_booted_at, b.replaced_at) as replaced_at,
        c.succeeded_at,
        seconds_between(p.last_seen_at, $as_of) as silence,
        -- Silence in a log says little of a process that rests often: it must be far longer than any rest before.
        p.lines >= 20 and c.succeeded_at is not null
        and seconds_between(p.last_seen_at, $as_of) > greatest(10 * p.longest_gap, 10) as is_broken_off,
        greatest(3 * seconds_between(p.first_heartbeat_at, p.last_heartbeat_at) / nullif(p.heartbeats - 1, 0), 60) as patience,
        coalesce(l.taken_at > p.last_line_at - interval 1 second, l.taken_at is not null and p.last_line_at is null) as look_is_last
    from ended as p
    left join looks as l on p.scope = l.scope and p.system = l.system
    left join seen_in_look as v
        on
            p.scope = v.scope and p.system = v.system and p.place = v.place and p.pid = v.pid
            and coalesce(abs(seconds_between(v.started_at, p.booted_at)) <= 3, true)
            and coalesce(p.next_booted_at > v.taken_at, true)
    left join later_boots as b on p.worker_key = b.worker_key
    left join successors as c on p.worker_key = c.worker_key
    -- Two containers may share host name and pid, and boot at once: the liveliest speaks for both.
    qualify row_number() over (partition by p.worker_key order by v.heartbeat_at desc nulls last, v.started_at asc) = 1
),

judged as (
    select
        *,
        case
            when stopped_at is not null then 'stopped'
            when died_at is not null then 'gone'
            when first_seen_at is null then 'unknown'
            when look_is_last and in_look and look_silence <= look_patience then 'alive'
            when look_is_last then 'gone'
            when heartbeats >= 2 and silence <= patience then 'alive'
            when heartbeats >= 2 then 'gone'
            when replaced_at is not null or is_broken_off then 'gone'
            when silence <= 60 then 'alive'
            else 'unknown'
        end as state
    from weighed
    where first_seen_at is not null or queues is not null
),

last_lines as (
    select
        j.worker_key,
        max(p.source_id) as source_id,
        max_by(p.line_no, (p.source_id, p.line_no)) as line_no
    from judged as j
    inner join process_signs as p
        on j.scope = p.scope and j.place = p.place and j.pid = p.pid and j.last_line_at = p.seen_at
    where p.line_no is not null
    group by j.worker_key
),

telling_logs as (
    -- Logs in which processes say that they begin or end, not only what their jobs do.
    select distinct
        scope,
        log_name
    from process_signs
    where log_name is not null and sign in ('booted', 'stopping', 'stopped', 'died')
)

select
    j.worker_key,
    j.scope,
    j.system,
    j.worker,
    j.host,
    nullif(j.pid, 0) as pid,
    j.version,
    j.queues,
    j.concurrency,
    case
        when j.has_several_concurrencies then null
        when j.concurrency > 0 then j.concurrency
        -- Their workers run one job at a time, and few lines say so.
        when j.system in ('delayed_job', 'resque', 'rq') then 1
    end as capacity,
    j.booted_at,
    j.first_seen_at,
    j.last_seen_at,
    j.stopping_at,
    j.stopped_at,
    coalesce(j.replaced_at, j.succeeded_at) as successor_at,
    j.state,
    case
        when state = 'stopped' then 'its log says that it shut down'
        when died_at is not null then 'its log says that it died'
        when first_seen_at is null then 'no line of its log has a time'
        when look_is_last and in_look and state = 'alive'
            then 'its heartbeat stands in the last snapshot, taken ' || strftime(looked_at, '%Y-%m-%d %H:%M:%S') || ' UTC'
        when look_is_last and in_look
            then 'the last snapshot still lists it, without a recent heartbeat'
        when look_is_last
            then 'it is missing from the last snapshot, taken ' || strftime(looked_at, '%Y-%m-%d %H:%M:%S') || ' UTC'
        when heartbeats >= 2 and state = 'alive' then 'its heartbeats go on'
        when heartbeats >= 2 then 'its heartbeats stop while other inputs go on'
        when state = 'gone' and replaced_at is not null then 'it falls silent and another process boots in its place'
        when state = 'gone' then 'it breaks off in the middle of its work, and another process writes on in its log'
        when state = 'alive' then 'it wrote a line in the last minute'
        else 'it falls silent; no snapshot or heartbeat tells whether it lives'
    end as state_basis,
    case
        when first_seen_at is null then 'low'
        when state = 'stopped' or died_at is not null or look_is_last then 'high'
        when heartbeats >= 2 and state = 'alive' then 'high'
        when state = 'unknown' then 'low'
        else 'medium'
    end as confidence,
    j.log_name as log,
    j.lines,
    j.heartbeats,
    j.last_line_at,
    t.log_name is not null as log_tells_ends,
    j.boot_source_id,
    j.boot_line_no,
    l.source_id as last_source_id,
    l.line_no as last_line_no,
    0 as attempts
from judged as j
left join last_lines as l on j.worker_key = l.worker_key
left join telling_logs as t on j.scope = t.scope and j.log_name = t.log_name
order by j.worker_key;
