-- When each error of a class came first, and how many runs of the class ended before.
insert into class_errors by name
with ended as (
    select
        scope,
        system,
        job_class,
        job_key,
        ended_at,
        error_fingerprint,
        error_class,
        error_message,
        row_number() over (partition by scope, system, job_class order by ended_at, job_key, attempt) as place,
        count(*) over (partition by scope, system, job_class) as runs,
        min(ended_at) over (partition by scope, system, job_class) as class_since
    from attempts
    where job_class is not null and ended_at is not null
)

select
    scope,
    system,
    job_class,
    error_fingerprint,
    any_value(error_class order by place) as error_class,
    nullif(error_words_of(any_value(error_message order by place)), '') as error_words,
    any_value(class_since) as class_since,
    min(ended_at) as first_failed_at,
    max(ended_at) as last_failed_at,
    count(*) as failures,
    count(distinct job_key) as jobs,
    min(place) - 1 as runs_before,
    any_value(runs) - min(place) + 1 as runs_since
from ended
where error_fingerprint is not null
group by scope, system, job_class, error_fingerprint
order by scope, system, job_class, error_fingerprint;
