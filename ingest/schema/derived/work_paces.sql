-- How steadily equal work comes again: what is on a timetable comes at one pace.
create table work_paces (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar not null,          -- class or task name
    work varchar not null,               -- what makes the work equal: the idempotency key or the digest of the arguments
    gaps bigint not null,                -- times it came again
    pace double not null,                -- median gap between, seconds
    on_pace double not null              -- share of the gaps that are as long as that, give or take a tenth and half a second
);
