-- Pushes onto a queue that failed, and whether the same job or the same work came all the same.
with judged as (
    select
        *,
        count(*) over (partition by scope, system, job_class, error_class) as of_kind,
        failed_at + $made_up_within as until_at
    from failed_enqueues
)

select
    job_key,
    job_id,
    null as attempt,
    scope,
    system,
    job_class,
    queue,
    error_class,
    coalesce(error_class, error_message) as error,
    case
        when same_id_at is not null then 'made up'
        when same_work_at <= until_at then 'made up'
        when arguments_digest is null and (failed_at is null or same_class_at <= until_at) then 'not told'
        else 'gone'
    end as fate,
    coalesce(told_until >= until_at, false) as is_watched,
    source_id,
    line_no,
    failed_at as first_at,
    failed_at as last_at
from judged
where of_kind >= $min_pushes
order by failed_at, source_id, line_no, record_no, job_key
