-- Every id a job was known by.
create table job_ids (
    job_key varchar not null,            -- the job
    id varchar not null,                 -- an id: what a user may paste into jobtrail why
    kind varchar not null                -- job_id, provider_job_id, trace_id or idempotency_key
);
