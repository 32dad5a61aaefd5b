-- One row per pool (the worker processes that read the same queues) and minute in which it had work: how busy it was.
create table pool_minutes (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    pool varchar not null,               -- the queues that its processes read, see workers
    minute timestamp not null,           -- the minute's beginning, UTC
    processes bigint not null,           -- processes that took jobs at some time in it
    capacity double not null,            -- seconds of runs that these could have done in it: jobs they run at once, times seconds alive
    busy double not null,                -- seconds of runs that they did in it
    waiting double not null,             -- work that waits at its end, seconds: what these runs took later or, of jobs not run yet on queues of this pool only, runs of their queue take on average
    is_known boolean not null            -- whether this is all: false where some process's capacity is not told, and where the log of one has a gap or has ended
);
