-- What the steps write down on the way. A step that has nothing to do in this evidence is left out (idle.sql): then its
-- table stays empty, and its view shows the evidence as it stands.
create or replace temp view told_events as
select * from job_events; -- noqa: AM04

create or replace temp view told_snapshot_jobs as
select * from snapshot_jobs; -- noqa: AM04

create or replace temp table copied_lines (
    source_id integer not null,
    line_no bigint not null,
    record_no integer not null
);

-- Ids of jobs that a line does not name and other lines tell: filled by several steps, each in its own way.
-- identity: 'exact' where the id is that job's own, 'inferred' where it was made up for a job that has none.
create or replace temp table inferred_ids (
    source_id integer not null,
    line_no bigint not null,
    record_no integer not null,
    job_id varchar not null,
    identity varchar not null
);

create or replace temp table placed_lines (
    source_id integer,
    line_no bigint,
    record_no integer,
    scope varchar,
    system varchar,
    occurred_at timestamp,
    pid bigint,
    event varchar,
    job_id varchar,
    job_class varchar,
    arguments_digest varchar,
    child_pid bigint,
    log_name varchar,
    place bigint
);

create or replace temp table forks (
    log_name varchar,
    pid bigint,
    worker_pid bigint,
    from_place bigint
);

create or replace temp table worker_lines as
select
    *, -- noqa: AM04
    null::bigint as worker_pid
from placed_lines
where false;

create or replace temp table recorded_failures (
    source_id integer,
    line_no bigint,
    record_no integer,
    failed_at timestamp
);

create or replace temp table nameless_lines as
select
    *, -- noqa: AM04
    null::bigint as start_no,
    null::bigint as end_no,
    null::bigint as lone_end_no
from worker_lines
where false;

create or replace temp table nameless_runs (
    scope varchar,
    system varchar,
    job_class varchar,
    arguments_digest varchar,
    log_name varchar,
    worker_pid bigint,
    start_no bigint,
    lone_end_no bigint,
    place bigint,
    seen_at timestamp,
    ended_at timestamp,
    outcome varchar,
    life bigint,
    identity varchar
);

create or replace temp table inferred_snapshot_ids (
    source_id integer,
    snapshot_id varchar,
    held_in varchar,
    queue varchar,
    position integer,
    worker varchar,
    job_id varchar,
    identity varchar,
    has_failed boolean
);

create or replace temp table twin_ids (
    scope varchar,
    backend_id varchar,
    job_id varchar,
    is_sure boolean
);

create or replace temp table error_reports (
    job_key varchar,
    source_id integer,
    line_no bigint,
    record_no integer,
    occurred_at timestamp,
    pid bigint,
    thread varchar,
    attempt integer,
    max_attempts integer,
    will_retry boolean,
    enqueued_at timestamp,
    error_class varchar,
    error_message varchar,
    backtrace varchar
);

-- Which runs are one execution: filled observer by observer, see fuse.sql.
create or replace temp table fused_runs (run_id bigint not null, execution_id bigint not null);
