-- Ids of jobs that a line does not name and other lines tell: filled by the steps after this one, each in its own way.
-- identity: 'exact' where the id is that job's own, 'inferred' where it was made up for a job that has none.
create or replace temp table inferred_ids (
    source_id integer not null,
    line_no bigint not null,
    record_no integer not null,
    job_id varchar not null,
    identity varchar not null
);
