-- What the incidents cost: of the jobs of each, how many have not succeeded, runs that came to nothing, undue waiting.
with named as (
    select
        unnest($incidents) as incident,
        unnest($scopes) as scope,
        unnest($systems) as system,
        unnest($jobs) as job_id,
        unnest($hurt) as hurt
),

members as (
    select
        n.incident,
        n.hurt,
        j.job_key,
        j.state
    from jobs as j
    inner join named as n on j.scope = n.scope and j.system = n.system and j.job_id = n.job_id
),

runs as (
    select
        m.incident,
        a.run,
        greatest(a.wait - coalesce(b.wait_p50, 0), 0) as waited,
        a.state in ('failed', 'interrupted')
        or (a.state = 'running' and a.worker_state = 'gone')
        or (
            a.state = 'succeeded'
            and row_number() over (partition by m.incident, a.job_key, a.state order by a.attempt) > 1
        ) as wasted
    from attempts as a
    inner join members as m on a.job_key = m.job_key
    left join class_baselines as b
        on
            a.scope = b.scope and a.system = b.system and a.job_class = b.job_class
            and a.queue is not distinct from b.queue
),

spent as (
    select
        incident,
        count(*) filter (where wasted) as wasted_runs,
        round(coalesce(sum(run) filter (where wasted), 0), 3) as wasted_seconds,
        round(coalesce(sum(waited), 0), 3) as waited_seconds
    from runs
    group by incident
)

select
    m.incident,
    count(*) as jobs,
    count(*) filter (where m.hurt) as jobs_hurt,
    count(*) filter (where m.hurt and m.state <> 'succeeded') as unresolved,
    coalesce(any_value(s.wasted_runs), 0) as wasted_runs,
    coalesce(any_value(s.wasted_seconds), 0) as wasted_seconds,
    coalesce(any_value(s.waited_seconds), 0) as waited_seconds
from members as m
left join spent as s on m.incident = s.incident
group by m.incident
order by m.incident
