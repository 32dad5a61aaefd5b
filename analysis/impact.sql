-- Per class and queue: how many jobs and runs there were, and how many runs came to nothing.
with runs as (
    select
        job_key,
        run,
        wait,
        ended_at,
        state = 'failed' as failed,
        state in ('failed', 'interrupted')
        or (state = 'running' and worker_state = 'gone')
        or (state = 'succeeded' and row_number() over (partition by job_key, state order by attempt) > 1) as wasted
    from attempts
)

select
    j.scope,
    j.system,
    j.job_class,
    j.queue,
    count(distinct j.job_key) as jobs,
    count(r.job_key) as runs,
    count(*) filter (where r.failed) as failed_runs,
    count(*) filter (where r.wasted) as wasted_runs,
    round(coalesce(sum(r.run) filter (where r.wasted), 0), 3) as wasted_seconds,
    max(r.wait) as longest_wait,
    max(r.ended_at) filter (where r.failed) as last_failure_at
from jobs as j
left join runs as r on j.job_key = r.job_key
group by j.scope, j.system, j.job_class, j.queue
order by wasted_runs desc, jobs desc, j.scope asc, j.system asc, j.job_class asc, j.queue asc
