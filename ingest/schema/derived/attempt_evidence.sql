-- The evidence rows that each job and each execution rests on.
create table attempt_evidence (
    job_key varchar not null,            -- the job
    attempt integer,                     -- the execution; null for evidence about the job as a whole
    seen_at timestamp,                   -- when, UTC
    kind varchar not null,               -- log, span or snapshot
    event varchar not null,              -- started, succeeded, failed, queued, retry, run (a span), line, ...
    evidence_table varchar not null,     -- job_events, log_lines, spans or snapshot_jobs
    source_id integer not null,          -- the stream in sources
    line_no bigint not null,             -- and the line
    record_no integer not null,          -- and the record of that line
    text varchar not null                -- the evidence in words
);
