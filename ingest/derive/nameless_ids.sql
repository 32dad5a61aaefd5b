-- Ids for jobs that have none: class, arguments and life. A line that names no job at all speaks of its worker's last one.
insert into inferred_ids by name
with told as (
    select
        l.*,
        nameless_id_of(l.job_class, l.arguments_digest, r.life) as id,
        r.identity
    from nameless_lines as l
    inner join nameless_runs as r
        on
            l.scope = r.scope and l.system = r.system
            and l.job_class = r.job_class and l.arguments_digest = r.arguments_digest
            and l.log_name = r.log_name and l.worker_pid is not distinct from r.worker_pid
            and l.start_no = r.start_no and l.lone_end_no = r.lone_end_no
),

taken as (
    select
        log_name,
        worker_pid,
        place,
        id,
        identity
    from told
    where event = 'started' and worker_pid is not null
),

aside as (
    select * from worker_lines
    where
        job_id is null and arguments_digest is null and worker_pid is not null
        and event in ('retry_scheduled', 'retries_exhausted')
)

select
    source_id,
    line_no,
    record_no,
    id as job_id,
    identity
from told
union all
select
    a.source_id,
    a.line_no,
    a.record_no,
    t.id,
    t.identity
from aside as a
asof inner join taken as t on a.log_name = t.log_name and a.worker_pid = t.worker_pid and a.place >= t.place
order by source_id, line_no, record_no;
