-- How long each class has not come, and what the same hours of earlier days were like. A class that rests at night or on
-- Sundays has rested at these hours before.
insert into class_silences by name
with all_comings as (
    select
        scope,
        system,
        job_class,
        job_key,
        coalesce(enqueued_at, first_started_at) as came_at
    from jobs
    where job_class is not null and coalesce(enqueued_at, first_started_at) <= $as_of
),

installations as (
    -- Of a day or less nothing can be compared.
    select
        scope,
        system,
        min(came_at) as since_at,
        max(came_at) as until_at
    from all_comings
    group by scope, system
    having max(came_at) - min(came_at) > interval 1 day
),

comings as (
    select
        c.*,
        seconds_between(lag(c.came_at) over class_time, c.came_at) as gap,
        i.since_at,
        i.until_at
    from all_comings as c
    inner join installations as i on c.scope = i.scope and c.system = i.system
    window class_time as (partition by c.scope, c.system, c.job_class order by c.came_at, c.job_key)
),

silences as (
    select
        scope,
        system,
        job_class,
        arg_max(job_key, (came_at, job_key)) as job_key,
        max(came_at) as last_came_at,
        any_value(since_at) as since_at,
        any_value(until_at) as until_at,
        least(any_value(until_at), max(came_at) + interval 1 day) as compared_to
    from comings
    group by scope, system, job_class
),

come_by as (
    select
        scope,
        system,
        came_at,
        cast(sum(count(*)) over (partition by scope, system order by came_at) as bigint) as come
    from comings
    group by scope, system, came_at
),

stretches as (
    -- The silence, and the same hours of earlier days of its kind.
    select
        s.scope,
        s.system,
        s.job_class,
        d.days_before,
        s.last_came_at - to_days(d.days_before) as from_at,
        s.compared_to - to_days(d.days_before) as to_at
    from silences as s
    cross join (select cast(range as integer) as days_before from range(0, 29)) as d
    where
        s.last_came_at - to_days(d.days_before) >= s.since_at
        and (isodow(s.last_came_at) > 5) = (isodow(s.last_came_at - to_days(d.days_before)) > 5)
        and (isodow(s.compared_to) > 5) = (isodow(s.compared_to - to_days(d.days_before)) > 5)
),

counted as (
    select
        t.*,
        coalesce(l.come, 0) - coalesce(f.come, 0) as come_in_all
    from stretches as t
    asof left join come_by as f on t.scope = f.scope and t.system = f.system and t.from_at >= f.came_at
    asof left join come_by as l on t.scope = l.scope and t.system = l.system and t.to_at >= l.came_at
),

own as (
    select
        t.scope,
        t.system,
        t.job_class,
        t.days_before,
        c.came_at,
        coalesce(c.gap > 20, true) as begins_burst
    from comings as c
    inner join silences as s on c.scope = s.scope and c.system = s.system and c.job_class = s.job_class
    inner join stretches as t
        on
            c.scope = t.scope and c.system = t.system and c.job_class = t.job_class
            and cast(floor(seconds_between(c.came_at, s.last_came_at) / 86400) as integer) + 1 = t.days_before
    where c.came_at < s.last_came_at and c.came_at <= t.to_at
),

gaps as (
    select
        scope,
        system,
        job_class,
        days_before,
        seconds_between(
            lag(moment) over (partition by scope, system, job_class, days_before order by moment), moment
        ) as gap
    from (
        select
            scope,
            system,
            job_class,
            days_before,
            came_at as moment
        from own
        union all
        select
            scope,
            system,
            job_class,
            days_before,
            unnest([from_at, to_at])
        from stretches
    )
),

longest as (
    select
        scope,
        system,
        job_class,
        days_before,
        max(gap) as gap
    from gaps
    group by scope, system, job_class, days_before
),

own_counts as (
    select
        scope,
        system,
        job_class,
        days_before,
        count(*) as comings,
        count(*) filter (begins_burst) as bursts
    from own
    group by scope, system, job_class, days_before
),

days as (
    select
        c.*,
        coalesce(o.comings, 0) as comings,
        coalesce(o.bursts, 0) as bursts,
        c.come_in_all - coalesce(o.comings, 0) as others,
        l.gap
    from counted as c
    left join own_counts as o
        on
            c.scope = o.scope and c.system = o.system and c.job_class = o.job_class and c.days_before = o.days_before
    left join longest as l
        on
            c.scope = l.scope and c.system = l.system and c.job_class = l.job_class and c.days_before = l.days_before
),

compared as (
    select
        scope,
        system,
        job_class,
        coalesce(sum(others) filter (days_before = 0), 0) as others_since,
        count(*) filter (days_before > 0 and others > 0) as days,
        coalesce(sum(comings) filter (days_before > 0 and others > 0), 0) as comings,
        coalesce(sum(bursts) filter (days_before > 0 and others > 0), 0) as bursts,
        coalesce(sum(others) filter (days_before > 0 and others > 0), 0) as others_then,
        max(gap) filter (days_before > 0 and others > 0) as longest_gap
    from days
    group by scope, system, job_class
),

told as (
    select
        e.scope,
        e.job_class,
        log_of(s.path) as log_name,
        coalesce(e.host, '') as host,
        e.service,
        e.queue,
        e.event in ('scheduled', 'enqueued') as is_enqueue,
        count(*) as lines,
        max(e.occurred_at) as last_at
    from told_events as e
    inner join sources as s on e.source_id = s.source_id
    where
        e.job_class is not null
        and e.event in ('scheduled', 'enqueued', 'started', 'succeeded', 'failed')
        and e.occurred_at <= $as_of
    group by all
    union all
    select
        p.scope,
        p.job_class,
        log_of(s.path),
        coalesce(p.host, ''),
        p.service,
        p.queue,
        p.operation = 'enqueue',
        count(*),
        max(p.started_at)
    from spans as p
    inner join sources as s on p.source_id = s.source_id
    where p.job_class is not null and p.operation in ('enqueue', 'run')
    group by all
),

signs as (
    -- Where lines about a class come from. Machines come and go with deploys; who enqueues is then known by the service,
    -- who works by the queue.
    select
        *,
        unnest([
            'log ' || log_name || ' ' || host,
            case when is_enqueue then 'service ' || service || ' ' || log_name end,
            case when not is_enqueue then 'queue ' || queue end
        ]) as sign
    from told
),

signs_of_classes as (
    select
        scope,
        sign,
        job_class,
        max(last_at) as last_at
    from signs
    where sign is not null
    group by scope, sign, job_class
),

seen as (
    select
        k.system,
        g.scope,
        g.job_class,
        g.is_enqueue,
        g.log_name,
        g.host,
        g.service,
        g.queue,
        any_value(g.lines) as lines,
        bool_or(coalesce(
            o.last_at >= k.until_at - to_microseconds(date_diff('microsecond', k.last_came_at, k.until_at) // 4), false
        )) as goes_on
    from signs as g
    inner join silences as k on g.scope = k.scope and g.job_class = k.job_class
    left join signs_of_classes as o on g.scope = o.scope and g.sign = o.sign and g.job_class <> o.job_class
    group by k.system, g.scope, g.job_class, g.is_enqueue, g.log_name, g.host, g.service, g.queue
),

seen_shares as (
    select
        system,
        scope,
        job_class,
        coalesce(sum(lines) filter (goes_on and is_enqueue) / nullif(sum(lines) filter (is_enqueue), 0), 0) as of_enqueues,
        coalesce(sum(lines) filter (goes_on and not is_enqueue) / nullif(sum(lines) filter (not is_enqueue), 0), 0) as of_runs
    from seen
    group by system, scope, job_class
),

new_classes as (
    select
        s.scope,
        s.system,
        s.job_class,
        n.job_class as successor,
        min(n.came_at) as successor_at
    from silences as s
    inner join compared as c on s.scope = c.scope and s.system = c.system and s.job_class = c.job_class
    inner join comings as n on s.scope = n.scope and s.system = n.system and s.compared_to >= n.came_at
    where s.last_came_at < s.compared_to and c.days > 0
    group by s.scope, s.system, s.job_class, n.job_class
    having min(n.came_at) > any_value(s.last_came_at) and count(*) >= 0.5 * any_value(c.comings) / any_value(c.days)
),

successors as (
    select
        scope,
        system,
        job_class,
        arg_min(successor, (successor_at, successor)) as successor,
        min(successor_at) as successor_at
    from new_classes
    group by scope, system, job_class
),

beside as (
    select
        s.scope,
        s.system,
        s.job_class,
        g.brief,
        g.changed_at
    from silences as s
    inner join changes as g
        on
            s.scope = g.scope and s.system = g.system
            and g.changed_at between s.last_came_at - interval 1 hour and s.last_came_at + interval 1 hour
    where g.kind <> 'shutdown'
    qualify
        row_number() over (
            partition by s.scope, s.system, s.job_class
            order by
                g.kind = 'restart' asc, abs(seconds_between(s.last_came_at, g.changed_at)) asc, g.changed_at asc,
                g.kind asc, g.detail asc
        ) = 1
)

select
    s.scope,
    s.system,
    s.job_class,
    s.job_key,
    s.last_came_at,
    s.until_at,
    seconds_between(s.last_came_at, s.until_at) as silent_for,
    seconds_between(s.last_came_at, s.compared_to) as compared,
    c.others_since,
    c.days,
    c.comings,
    c.bursts,
    c.longest_gap,
    c.others_then,
    power(c.others_then / nullif(cast(c.others_then + c.others_since as double), 0), c.bursts) as by_chance,
    coalesce(greatest(h.of_enqueues, h.of_runs), 0) as seen_share,
    coalesce(h.of_enqueues >= h.of_runs and h.of_enqueues > 0, false) as enqueues_seen,
    n.successor,
    n.successor_at,
    b.brief as beside,
    b.changed_at as beside_at
from silences as s
inner join compared as c on s.scope = c.scope and s.system = c.system and s.job_class = c.job_class
left join seen_shares as h on s.scope = h.scope and s.system = h.system and s.job_class = h.job_class
left join successors as n on s.scope = n.scope and s.system = n.system and s.job_class = n.job_class
left join beside as b on s.scope = b.scope and s.system = b.system and s.job_class = b.job_class
order by s.scope, s.system, s.job_class;
