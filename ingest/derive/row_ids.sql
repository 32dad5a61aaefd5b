-- Lines that name a job by its row in a database and by nothing else, where other inputs tell whose row that is.
insert into inferred_ids
with rows_of_jobs as (
    select
        s.scope,
        s.system,
        j.provider_job_id,
        j.job_id
    from snapshot_jobs as j
    inner join snapshots as s on j.source_id = s.source_id and j.snapshot_id = s.snapshot_id
    where j.job_id is not null and j.provider_job_id is not null
    union
    select
        scope,
        system,
        provider_job_id,
        job_id
    from job_events
    where job_id is not null and provider_job_id is not null
)

select
    e.source_id,
    e.line_no,
    e.record_no,
    min(r.job_id) as job_id,
    'exact' as identity
from job_events as e
inner join rows_of_jobs as r
    on e.scope = r.scope and e.system = r.system and e.provider_job_id = r.provider_job_id
where
    e.job_id is null and e.job_class is null
    and not exists (
        select 1 from inferred_ids as i
        where e.source_id = i.source_id and e.line_no = i.line_no and e.record_no = i.record_no
    )
group by e.source_id, e.line_no, e.record_no
having count(distinct r.job_id) = 1
order by e.source_id, e.line_no, e.record_no;
