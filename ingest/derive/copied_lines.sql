-- Lines without a time about a job that another log of the same process tells with times, as a worker's standard output
-- repeats its log file: they add nothing.
insert into copied_lines by name
select
    u.source_id,
    u.line_no,
    u.record_no
from job_events as u
where
    u.occurred_at is null and u.job_id is not null and u.pid is not null
    and exists (
        select 1 from job_events as t
        where
            t.occurred_at is not null and t.source_id <> u.source_id
            and t.scope = u.scope and t.system = u.system and t.job_id = u.job_id
            and t.pid = u.pid and t.host is not distinct from u.host
    )
union all
-- Entries of one stream that was written out twice: an entry has an id of its own.
select
    source_id,
    line_no,
    record_no
from (
    select
        source_id,
        line_no,
        record_no,
        row_number() over (
            partition by
                scope, coalesce(job_id, attributes ->> '$.jobId'), message, record_no, attributes ->> '$.id'
            order by source_id, line_no
        ) as copy_no
    from job_events
    where system = 'bullmq' and pid is null and regexp_full_match(attributes ->> '$.id', '\d+-\d+')
)
where copy_no > 1
order by source_id, line_no, record_no;
