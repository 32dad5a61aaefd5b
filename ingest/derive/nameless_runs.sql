-- Runs of jobs without ids, and which life of such a job each belongs to: a success ends a life, a failure does not.
-- A run that began before an earlier one had ended is another job's. Runs without times go where they fit.
insert into nameless_runs by name
with runs as (
    select
        scope,
        system,
        job_class,
        arguments_digest,
        log_name,
        worker_pid,
        start_no,
        lone_end_no,
        min(place) as place,
        min(occurred_at) as seen_at,
        min(occurred_at) filter (event <> 'started') as ended_at,
        arg_min(event, place) filter (event <> 'started') as outcome
    from nameless_lines
    group by scope, system, job_class, arguments_digest, log_name, worker_pid, start_no, lone_end_no
),

followed as (
    select
        *,
        lag(outcome) over previous as previous_outcome,
        row_number() over previous = 1 as is_first,
        coalesce(
            max(ended_at) over (
                partition by scope, system, job_class, arguments_digest
                order by seen_at, log_name, place, worker_pid rows between unbounded preceding and 1 preceding
            ) > seen_at, false
        ) as is_within
    from runs
    where seen_at is not null
    window previous as (
        partition by scope, system, job_class, arguments_digest order by seen_at, log_name, place, worker_pid
    )
),

timed as (
    select
        * exclude (previous_outcome, is_first),
        sum(case when is_first or is_within or previous_outcome = 'succeeded' then 1 else 0 end) over (
            partition by scope, system, job_class, arguments_digest
            order by seen_at, log_name, place, worker_pid rows between unbounded preceding and current row
        ) as life
    from followed
),

lives as (
    select
        scope,
        system,
        job_class,
        arguments_digest,
        max(life) as known,
        max(life) filter (outcome = 'failed') as last_failed,
        case
            when arg_max(outcome, (seen_at, log_name, place, worker_pid)) filter (outcome is not null) = 'succeeded' then 0
            else 1
        end as still_open
    from timed
    group by scope, system, job_class, arguments_digest
),

untimed as (
    select
        r.*,
        coalesce(l.known, 0) as known,
        coalesce(l.still_open, 0) as still_open,
        l.last_failed,
        count(*) filter (r.outcome = 'succeeded') over (
            partition by r.scope, r.system, r.job_class, r.arguments_digest
            order by r.log_name, r.place rows between unbounded preceding and current row exclude current row
        ) as successes_before,
        count(*) filter (r.outcome = 'succeeded') over (
            partition by r.scope, r.system, r.job_class, r.arguments_digest
        ) as successes
    from runs as r
    left join lives as l
        on
            r.scope = l.scope and r.system = l.system
            and r.job_class = l.job_class and r.arguments_digest = l.arguments_digest
    where r.seen_at is null
),

placed as (
    select
        * exclude (is_within),
        is_within as is_doubtful
    from timed
    union all by name
    select
        * exclude (known, still_open, last_failed, successes_before, successes),
        case
            when outcome = 'succeeded' or still_open = 1 or known = 0 or successes_before < successes
                then known - still_open + 1 + successes_before
            else coalesce(last_failed, known)
        end as life,
        known > 0 as is_doubtful
    from untimed
)

select
    * exclude (is_doubtful), -- noqa: AM04
    case when bool_or(is_doubtful) over job then 'ambiguous' else 'inferred' end as identity
from placed
window job as (partition by scope, system, job_class, arguments_digest)
order by scope, system, job_class, arguments_digest, life, seen_at, log_name, place;
