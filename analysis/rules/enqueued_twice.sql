-- Jobs of one class whose work equals that of another one enqueued shortly before or after.
with works as (
    select
        job_key,
        job_id,
        scope,
        system,
        job_class,
        queue,
        -- Where jobs have no ids, what a snapshot finds waiting may have been put there at any time before.
        coalesce(enqueued_at, first_started_at, case when identity = 'exact' then first_seen_at end) as enqueued_at,
        coalesce(idempotency_key, arguments_digest) as work,
        case when idempotency_key is not null then 'idempotency keys' else 'arguments' end as basis
    from jobs
    where
        -- What a lock kept from running was not done twice.
        (state <> 'discarded' or attempts > 0)
        -- Nor was what never came onto its queue.
        and job_key not in (
            select f.job_key from failed_enqueues as f
            where f.job_key is not null and f.same_id_at is null
        )
        and (
            enqueued_at is not null or first_started_at is not null
            or job_key not in (
                select c.job_key from lock_conflicts as c
                where c.job_key is not null
            )
        )
        and (
            idempotency_key is not null
            or (arguments_digest is not null and cast(arguments as varchar) not in ('[]', '{}', 'null'))
        )
),

said as (
    select distinct
        j.job_key,
        j.job_id,
        j.scope,
        j.system,
        j.job_class,
        j.queue,
        j.first_started_at,
        e.text
    from attempt_evidence as e
    inner join jobs as j on e.job_key = j.job_key
    where
        e.evidence_table = 'log_lines' and e.event = 'line'
        and j.arguments_digest is null and j.idempotency_key is null
        and j.first_started_at is not null
        and regexp_matches(e.text, '[0-9]')
),

sharing as (
    select
        scope,
        system,
        job_class,
        text,
        count(distinct job_key) as jobs
    from said
    group by scope, system, job_class, text
),

telling_classes as (
    select
        scope,
        system,
        job_class
    from sharing
    group by scope, system, job_class
    having count(*) >= 20 and avg(case when jobs = 1 then 1.0 else 0.0 end) >= $telling_share
),

lines as (
    select
        s.job_key,
        s.job_id,
        s.scope,
        s.system,
        s.job_class,
        s.queue,
        s.first_started_at as enqueued_at,
        s.text as work,
        'application lines' as basis
    from said as s
    inner join sharing as h
        on s.scope = h.scope and s.system = h.system and s.job_class = h.job_class and s.text = h.text
    inner join telling_classes as t on s.scope = t.scope and s.system = t.system and s.job_class = t.job_class
    where h.jobs between 2 and 3
),

candidates as (
    select * from works
    union all
    select * from lines
),

same_work_often as (
    select
        scope,
        system,
        job_class,
        basis,
        count(*) as jobs,
        min(enqueued_at) as first_at,
        max(enqueued_at) as last_at
    from candidates
    where enqueued_at is not null
    group by scope, system, job_class, basis, work
),

meetings as (
    -- Pairs that meet within a second by chance, in a class whose work comes again independently: what comes n times in a
    -- period meets itself n * n / period times. One pair of each work is left out, so that no duplicate excuses itself;
    -- twice as many are granted, because traffic is denser by day than on average.
    select
        scope,
        system,
        job_class,
        basis,
        sum(2.0 * (jobs - 1) * (jobs - 2))
        / cast(date_diff('microsecond', min(first_at), max(last_at)) / 1e6 + 1 as double) as per_second
    from same_work_often
    group by scope, system, job_class, basis
    having sum(case when jobs > 2 then jobs else 0 end) >= $habit_jobs
),

spaced as (
    select
        *,
        date_diff('microsecond', lag(enqueued_at) over work_order, enqueued_at) / 1e6 as since_previous,
        date_diff('microsecond', enqueued_at, lead(enqueued_at) over work_order) / 1e6 as until_next
    from candidates
    where enqueued_at is not null
    window work_order as (partition by scope, system, job_class, basis, work order by enqueued_at, job_key)
),

close as (
    -- Jobs near another of the same work: of each pair both have its gap.
    select *
    from (
        select
            *,
            case when until_next is null or since_previous < until_next then since_previous else until_next end as gap
        from spaced
    ) as s
    where gap <= extract(epoch from case when $habit_gap > $within then $habit_gap else $within end)
),

habits_of_works as (
    -- What comes again by habit: the same work on a timetable, ...
    select
        scope,
        system,
        job_class,
        basis,
        work,
        count(*) >= $habit_times and min(since_previous) > extract(epoch from $habit_gap) as is_habit
    from spaced
    where work in (select c.work from close as c)
    group by scope, system, job_class, basis, work
),

habits_of_classes as (
    -- ... or a class whose work keeps coming again, be it within the window or, as chance has it where there are few
    -- arguments, mostly later.
    select
        scope,
        system,
        job_class,
        basis,
        count(case when since_previous > extract(epoch from $within) then 1 end)
        > count(case when since_previous <= extract(epoch from $within) then 1 end)
        or count(*) >= $habit_jobs
        and avg(
            case
                when since_previous > extract(epoch from $habit_gap) and since_previous <= extract(epoch from $within)
                    then 1.0
                else 0.0
            end
        ) > $habit_share as is_habit
    from spaced
    group by scope, system, job_class, basis
),

known as (
    -- What comes at one pace is on a timetable, however close.
    select
        s.*,
        case when p.gaps >= $pace_times and p.on_pace >= $pace_share then p.pace end as pace,
        m.per_second,
        w.is_habit or c.is_habit as is_habit,
        count(*) over (
            partition by s.scope, s.system, s.job_class, s.basis
            order by s.gap range between unbounded preceding and current row
        ) / 2.0 as pairs_as_close
    from close as s
    inner join habits_of_works as w
        on
            s.scope = w.scope and s.system = w.system and s.job_class is not distinct from w.job_class and s.basis = w.basis
            and s.work = w.work
    inner join habits_of_classes as c
        on
            s.scope = c.scope and s.system = c.system and s.job_class is not distinct from c.job_class and s.basis = c.basis
    left join work_paces as p
        on s.scope = p.scope and s.system = p.system and s.job_class = p.job_class and s.work = p.work
    left join meetings as m
        on s.scope = m.scope and s.system = m.system and s.job_class = m.job_class and s.basis = m.basis
)

select
    job_key,
    job_id,
    null as attempt,
    scope,
    system,
    job_class,
    queue,
    basis,
    work,
    gap,
    enqueued_at as first_at,
    enqueued_at as last_at
from known
where
    gap <= least(
        extract(epoch from case when is_habit then $habit_gap else $within end),
        pace / 2
    )
    and pairs_as_close > coalesce(per_second * gap + $chance * sqrt(per_second * gap), 0)
-- Two jobs may share several lines: that is one piece of work still.
qualify row_number() over (partition by job_key order by gap, work) = 1
order by scope, system, basis, job_class, work, enqueued_at, job_key
