-- One row per class, queue and limit declared for them: how many runs took longer.
create table limit_checks (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar,                   -- class or task name
    queue varchar,                       -- queue name
    kind varchar not null,               -- the limit: time_limit, visibility_timeout, lock_ttl
    seconds double not null,             -- that limit, in seconds
    bar double not null,                 -- seconds that a run may take: the limit, of time_limit a tenth and a second more, because a worker takes a moment to end a run
    basis varchar not null,              -- who says so: declared (people), or payload (the longest that jobs of the class carry)
    time_limit double,                   -- of visibility_timeout and lock_ttl: the time limit of the same runs, seconds; null where none is declared
    limit_class varchar,                 -- the class that the time limit was declared for, or this limit where there is none; null where for all
    limit_queue varchar,                 -- and the queue
    runs bigint not null,                -- runs with a known duration, and those still under way
    runs_over bigint not null,           -- those that took longer than the bar
    handed_out_again bigint not null,    -- those of them during which another run of the same job began
    longest double,                      -- the longest run, seconds
    first_over_at timestamp,             -- when the first run that took longer began, UTC
    last_over_at timestamp,              -- and the last one
    source_id integer not null,          -- where the limit stands: the stream in sources
    line_no bigint                       -- and the line; null where a job carries it
);
