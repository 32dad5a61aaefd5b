-- Whether what lines tell of durations and times is in the unit it was read in, by the times of the lines themselves.
insert into told_times by name
with told as (
    select
        k.job_key,
        k.scope,
        k.system,
        log_of(s.path) as log,
        e.occurred_at,
        e.wait,
        e.enqueued_at,
        e.run_at,
        e.event,
        e.source_id,
        e.line_no
    from told_events as e
    inner join sources as s on e.source_id = s.source_id
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    where e.occurred_at is not null
),

enqueued as (
    select
        job_key,
        min(occurred_at) as enqueued_at
    from told
    where event = 'enqueued'
    group by job_key
    having count(*) = 1
),

measured as (
    -- A run too short for the log's own clock tells nothing of the unit.
    select
        j.scope,
        j.system,
        r.log_name as log,
        'duration' as what,
        r.duration as told,
        seconds_between(r.start_seen_at, r.ended_at) as known,
        r.ended_at as seen_at,
        r.source_id,
        r.line_no
    from runs as r
    inner join jobs as j on r.job_key = j.job_key
    where
        r.kind = 'log' and r.duration > 0 and r.log_name is not null
        and seconds_between(r.start_seen_at, r.ended_at)
        >= case when r.ended_at = date_trunc('second', r.ended_at) then 3 else 0.1 end
    union all
    select
        t.scope,
        t.system,
        t.log,
        'wait',
        t.wait,
        seconds_between(e.enqueued_at, t.occurred_at),
        t.occurred_at,
        t.source_id,
        t.line_no
    from told as t
    inner join enqueued as e on t.job_key = e.job_key
    where t.event = 'started' and t.wait > 0 and seconds_between(e.enqueued_at, t.occurred_at) >= 5
    union all
    -- Of a moment it is the time since 1970 that is a thousand times too long or too short.
    select
        scope,
        system,
        log,
        'enqueued_at',
        epoch(enqueued_at),
        epoch(occurred_at),
        occurred_at,
        source_id,
        line_no
    from told
    where enqueued_at is not null and epoch(enqueued_at) > 0 and epoch(occurred_at) > 1e8
    union all
    select
        scope,
        system,
        log,
        'run_at',
        epoch(run_at),
        epoch(occurred_at),
        occurred_at,
        source_id,
        line_no
    from told
    where run_at is not null and epoch(run_at) > 0 and epoch(occurred_at) > 1e8
),

compared as (
    select
        *,
        told / known as times_as_much,
        median(told / known) over (partition by scope, system, log, what) as usual
    from measured
    where known > 0
)

select
    scope,
    system,
    log,
    what,
    count(*) as compared,
    any_value(usual) as times_as_much,
    cast(round(log10(any_value(usual)) / 3) as bigint) as near_power,
    avg(case when abs(log10(times_as_much) - 3 * round(log10(usual) / 3)) <= log10(3) then 1 else 0 end) as on_power,
    min(seen_at) as from_at,
    max(seen_at) as to_at,
    arg_min(source_id, (seen_at, source_id, line_no)) as source_id,
    arg_min(line_no, (seen_at, source_id, line_no)) as line_no
from compared
group by scope, system, log, what
order by scope, system, log, what;
