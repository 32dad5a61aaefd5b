-- Jobs that failed with an error which their class never had in so many runs before that this is no chance.
with weighed as (
    -- Were an error there all along, each job that has it would fall after its first sight as often as any other run.
    select
        *,
        power(runs_since / cast(runs_before + runs_since as double), jobs) as by_chance
    from class_errors
    where jobs >= $min_jobs and runs_before > 0 and first_failed_at >= class_since + $min_before
)

select
    a.job_key,
    a.job_id,
    min(a.attempt) as attempt,
    a.scope,
    a.system,
    a.job_class,
    w.error_class,
    w.error_words,
    a.error_fingerprint,
    min(a.ended_at) as first_at,
    max(a.ended_at) as last_at,
    j.state,
    w.failures,
    w.runs_before,
    w.runs_since,
    w.by_chance
from attempts as a
inner join weighed as w
    on
        a.scope = w.scope and a.system = w.system and a.job_class = w.job_class
        and a.error_fingerprint = w.error_fingerprint
inner join jobs as j on a.job_key = j.job_key
where w.by_chance <= $chance_share and a.ended_at is not null
group by
    a.job_key, a.job_id, a.scope, a.system, a.job_class, w.error_class, w.error_words, a.error_fingerprint, j.state,
    w.failures, w.runs_before, w.runs_since, w.by_chance
order by first_at, a.job_key
