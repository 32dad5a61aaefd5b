-- The lines of logs in which workers fork or jobs have no id, in the order they were written, rotated files included.
insert into placed_lines by name
with lines as (
    select
        source_id,
        line_no,
        record_no,
        scope,
        system,
        occurred_at,
        pid,
        event,
        job_id,
        job_class,
        arguments_digest,
        null::bigint as child_pid
    from job_events
    union all
    select
        source_id,
        line_no,
        record_no,
        scope,
        system,
        occurred_at,
        pid,
        event,
        null,
        null,
        null,
        try_cast(attributes ->> 'child_pid' as bigint)
    from worker_events
    where event in ('forked', 'booted')
),

of_logs as (
    select
        l.*,
        log_of(s.path) as log_name
    from lines as l
    inner join sources as s on l.source_id = s.source_id
),

concerned as (
    select distinct log_name
    from of_logs
    where event = 'forked' or (event = 'started' and job_id is null and arguments_digest is not null)
)

select
    *,
    row_number() over (partition by log_name order by occurred_at, source_id, line_no, record_no) as place
from of_logs
where log_name in (select log_name from concerned)
order by log_name, place;
