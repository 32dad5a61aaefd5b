-- Jobs that the last snapshot no longer holds and that no log shows to run, though all their workers' logs are there.
with watches as (
    -- Logs that lose lines lose both lines of a run here and there.
    select
        scope,
        system,
        power(count(case when state = 'unknown' then 1 end), 2) / cast(count(*) as double) as by_chance
    from attempts
    group by scope, system
),

gone as (
    select
        *,
        coalesce(eligible_at, state_at) as waiting_since
    from jobs
    where vanished_by is not null
),

vanished as (
    select
        j.*,
        count(*) over (partition by j.scope, j.system) as of_system
    from gone as j
    where
        j.waiting_since <= j.vanished_by - $min_age
        and j.identity = 'exact'
        -- A run without an end, or without a time, may be the one that took it; and what was called off is not lost.
        and j.attempts = j.failures + j.interruptions
        and not exists (
            select 1 from attempt_evidence as e
            where e.job_key = j.job_key and e.event in ('cancelled', 'discarded')
        )
        -- While one log is silent in the middle of work, what went from the queue may have run where it does not tell.
        and not exists (
            select 1 from log_gaps as g
            where
                g.scope = j.scope and g.system = j.system and g.kind = 'stretch' and g.others_went_on
                and j.waiting_since < g.to_at and j.vanished_by > g.from_at
        )
        -- Some worker's log must reach as far as the snapshot that misses it ...
        and exists (
            select 1 from workers as w
            where
                w.scope = j.scope and w.system = j.system and w.lines > 0
                and w.first_seen_at <= j.waiting_since
                and w.last_seen_at >= j.waiting_since + $min_age
        )
        -- ... and none may be unknown that could have run it: one that was seen shortly before may have lived on.
        and not exists (
            select 1 from workers as w
            where
                w.scope = j.scope and w.system = j.system and w.lines = 0
                and coalesce(w.last_seen_at >= j.waiting_since - $lives_on, true)
        )
)

select
    v.job_key,
    v.job_id,
    null as attempt,
    v.scope,
    v.system,
    v.job_class,
    v.queue,
    v.vanished_from,
    v.state_at as first_at,
    v.vanished_by as last_at,
    coalesce(w.by_chance, 0) as by_chance
from vanished as v
left join watches as w on v.scope = w.scope and v.system = w.system
where coalesce(w.by_chance, 0) <= $chance_share * v.of_system
order by v.state_at, v.job_key
