-- Jobs that a lock refused, and whether the job that held it could still do the work.
with told as (
    select
        *,
        case
            when holder_key is null then 'unknown'
            when holder_ended_at is null or refused_at - holder_ended_at <= $release_within then 'at work'
            when next_at is not null then 'ended, done later'
            else 'ended'
        end as holder
    from lock_conflicts
    where not outlives_holder
),

counted as (
    select
        *,
        count(*) over (partition by scope, system, job_class, holder) as of_kind
    from told
)

select
    job_key,
    job_id,
    null as attempt,
    scope,
    system,
    job_class,
    holder,
    holder_id,
    holder_basis,
    case when holder in ('ended', 'ended, done later') then holder_end end as holder_end,
    case
        when holder in ('ended', 'ended, done later')
            then date_diff('microsecond', holder_ended_at, refused_at) / 1e6
    end as held_on_for,
    source_id,
    line_no,
    refused_at as first_at,
    refused_at as last_at
from counted
where of_kind >= $min_refused
order by refused_at, source_id, line_no, record_no, job_key
