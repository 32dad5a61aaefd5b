-- One row per push onto a queue that failed: what was to be done, why it was not taken, and what came of it later.
create table failed_enqueues (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system, or the framework that tells of it
    job_key varchar,                     -- the job, see jobs; null where the input names none
    job_id varchar,                      -- its id, where told
    job_class varchar,                   -- class or task name; of a timetable's entry the class that it brings
    queue varchar,                       -- queue name
    arguments_digest varchar,            -- digest of class and arguments, where told: equal for equal work
    error_class varchar,                 -- the exception, where told
    error_message varchar,               -- and its message
    failed_at timestamp,                 -- when the push failed, UTC
    same_id_at timestamp,                -- when the same job was first seen to be on its queue or to run all the same, UTC
    same_work_at timestamp,              -- when a job of the same class and arguments next came, UTC; null where none did or arguments are not told
    same_class_at timestamp,             -- when a job of the same class next came, UTC
    told_until timestamp,                -- until when the input that tells of it goes on, UTC
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line
    record_no integer not null           -- which record of that line
);
