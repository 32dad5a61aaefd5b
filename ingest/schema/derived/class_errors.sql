-- One row per class and error: when it began, and how much the class had run by then.
create table class_errors (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar not null,          -- class or task name
    error_fingerprint varchar not null,  -- the error, as attempts names it
    error_class varchar,                 -- the exception
    error_words varchar,                 -- the first line of its message, without what differs from case to case
    class_since timestamp not null,      -- end of the first run of the class, whatever became of it, UTC
    first_failed_at timestamp not null,  -- end of the first run that failed with it, UTC
    last_failed_at timestamp not null,   -- and of the last, UTC
    failures bigint not null,            -- runs that failed with it
    jobs bigint not null,                -- jobs that it hit
    runs_before bigint not null,         -- runs of the class that had ended when it came first
    runs_since bigint not null           -- and those that ended from then on
);
