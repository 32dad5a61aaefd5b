-- Jobs of an incident and jobs beside it: of the classes that make up a tenth of it, started, in no grave finding, and at
-- work in the given time. Of very many a sample, the same each time.
with named as (
    select
        unnest($scopes) as scope,
        unnest($systems) as system,
        unnest($jobs) as job_id
),

hurt as (
    select
        unnest($hurt_scopes) as scope,
        unnest($hurt_systems) as system,
        unnest($hurt_jobs) as job_id
),

bad as (
    select distinct
        j.job_key,
        j.scope,
        j.system,
        j.job_class
    from jobs as j
    inner join named as n on j.scope = n.scope and j.system = n.system and j.job_id = n.job_id
    qualify count(*) over (partition by j.scope, j.system, j.job_class) >= 0.1 * count(*) over ()
),

others as (
    select distinct j.job_key
    from jobs as j
    inner join (select distinct
        scope,
        system,
        job_class
    from bad) as c on j.scope = c.scope and j.system = c.system and j.job_class = c.job_class
    left join hurt as h on j.scope = h.scope and j.system = h.system and j.job_id = h.job_id
    where
        h.job_id is null and j.first_started_at is not null
        and j.job_key not in (select job_key from bad)
        and coalesce(j.first_started_at <= $to_at, true)
        and coalesce(coalesce(j.finished_at, j.last_seen_at) >= $from_at, true)
)

(select
    job_key,
    true as is_bad
from bad
order by md5(job_key), job_key
limit $most)
union all
(select
    job_key,
    false
from others
order by md5(job_key), job_key
limit $most)
