-- Entries of a BullMQ queue's stream that do not name the queue, which is part of the job's id: it is the queue that other
-- inputs name and the file is called by, the longest of several, or else the file's own name.
insert into inferred_ids
with unplaced as (
    select
        e.source_id,
        e.line_no,
        e.record_no,
        e.attributes ->> '$.jobId' as number,
        parse_filename(log_of(s.path)) as file_name
    from job_events as e
    inner join sources as s on e.source_id = s.source_id
    where e.system = 'bullmq' and e.job_id is null and e.attributes ->> '$.jobId' is not null
),

known as (
    select queue
    from job_events
    where system = 'bullmq' and queue is not null
    union
    select queue
    from spans
    where system = 'bullmq' and queue is not null
    union
    select q.queue
    from snapshot_queues as q
    inner join snapshots as s on q.snapshot_id = s.snapshot_id
    where s.system = 'bullmq'
),

named as (
    select
        f.file_name,
        max_by(k.queue, (length(k.queue), k.queue)) as queue
    from (select distinct file_name from unplaced) as f
    inner join known as k
        on contains(
            '-' || regexp_replace(lower(f.file_name), '[^a-z0-9]+', '-', 'g') || '-',
            '-' || regexp_replace(lower(k.queue), '[^a-z0-9]+', '-', 'g') || '-'
        )
    group by f.file_name
)

select
    u.source_id,
    u.line_no,
    u.record_no,
    coalesce(n.queue, u.file_name) || ':' || u.number,
    'exact'
from unplaced as u
left join named as n on u.file_name = n.file_name
order by u.source_id, u.line_no, u.record_no;
