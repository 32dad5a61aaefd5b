-- Reports of an exception, with class, message and backtrace, which some logs write as further lines of the same thread.
insert into error_reports by name
with thread_lines as (
    select
        source_id,
        line_no,
        record_no,
        occurred_at,
        pid,
        thread,
        event,
        job_id,
        message,
        level
    from (
        select
            source_id,
            line_no,
            record_no,
            occurred_at,
            pid,
            thread,
            event,
            job_id,
            message,
            null as level
        from told_events
        union all
        select
            source_id,
            line_no,
            record_no,
            occurred_at,
            pid,
            thread,
            'line',
            job_id,
            message,
            level
        from log_lines
        where pid is not null
    )
    where source_id in (
        select source_id from told_events
        where event = 'error_reported' and error_class is null
    )
),

following as (
    select
        *,
        lead(case when event = 'line' and job_id is null then message end, 1) over lines_of_thread as next_message,
        lead(occurred_at, 1) over lines_of_thread as next_at,
        lead(case when event = 'line' and job_id is null then message end, 2) over lines_of_thread as second_message,
        lead(occurred_at, 2) over lines_of_thread as second_at
    from thread_lines
    window lines_of_thread as (partition by source_id, pid, thread order by line_no, record_no)
),

told as (
    select
        source_id,
        line_no,
        record_no,
        nullif(regexp_extract(next_message, '^([A-Z]\w*(?:::[A-Z]\w*)*): ', 1), '') as error_class,
        regexp_replace(next_message, '^[A-Z]\w*(?:::[A-Z]\w*)*: ', '') as error_message,
        case when second_at - occurred_at <= interval 1 second then second_message end as backtrace
    from following
    where event = 'error_reported' and next_at - occurred_at <= interval 1 second
)

select
    k.job_key,
    e.source_id,
    e.line_no,
    e.record_no,
    e.occurred_at,
    e.pid,
    e.thread,
    e.attempt,
    e.max_attempts,
    e.will_retry,
    e.enqueued_at,
    coalesce(e.error_class, t.error_class) as error_class,
    coalesce(e.error_message, case when t.error_class is not null then t.error_message end) as error_message,
    coalesce(e.backtrace, case when t.error_class is not null then t.backtrace end) as backtrace
from told_events as e
inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
left join told as t on e.source_id = t.source_id and e.line_no = t.line_no and e.record_no = t.record_no
where e.event = 'error_reported'
order by e.source_id, e.line_no, e.record_no;
