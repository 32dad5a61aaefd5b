-- One row per queue and minute: what came, what ran, what waited. A wait of days without any event has fewer rows.
create table queue_minutes (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    queue varchar not null,              -- queue name
    minute timestamp not null,           -- the minute's beginning, UTC
    arrivals bigint not null,            -- jobs put on the queue, retries included
    starts bigint not null,              -- runs begun
    first_starts bigint not null,        -- of these, first runs of their job
    retries bigint not null,             -- of these, runs after a failure
    completions bigint not null,         -- runs that succeeded
    failures bigint not null,            -- runs that failed
    wait_max double,                     -- longest wait among the runs begun, seconds
    wait_median double,                  -- median wait among the runs begun, seconds
    run_median double,                   -- median run among the runs ended, seconds
    depth bigint,                        -- jobs waiting at the end of the minute, from enqueues and starts; null where no input shows enqueues
    depth_snapshot bigint,               -- jobs waiting in the last snapshot of that minute
    oldest_wait double,                  -- age of the oldest waiting job at the end of the minute, or at the snapshot, seconds
    paused boolean                       -- whether the last snapshot of that minute shows it paused, where it can be told
);
