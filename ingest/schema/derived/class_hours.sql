-- One row per class and hour in which runs of it ended: how many of its jobs failed, then and at other times.
create table class_hours (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar not null,          -- class or task name
    hour timestamp not null,             -- the full hour, UTC
    jobs bigint not null,                -- jobs of which a run ended in it
    failed_jobs bigint not null,         -- of these, jobs of which a run failed in it
    other_jobs bigint not null,          -- the same, added up over all hours but this one and its two neighbours
    other_failed_jobs bigint not null    -- and of these the failed
);
