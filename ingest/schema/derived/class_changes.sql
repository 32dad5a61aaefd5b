-- When a class became slower or quicker to run: the moments between two periods of one pace.
create table class_changes (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar not null,          -- class or task name
    queue varchar,                       -- queue name
    changed_at timestamp not null,       -- start of the first run of the new pace, UTC
    from_at timestamp not null,          -- start of the first run of the period before, UTC
    until_at timestamp,                  -- end of the period after, UTC; null where it lasts
    by_chance double not null,           -- how often chance alone would part the runs so clearly: by shuffling them in blocks
    runs_before bigint not null,         -- successful runs of the period before
    runs_after bigint not null,          -- and of the period after
    p50_before double not null,          -- median run of the period before, seconds
    p50_after double not null,           -- and of the period after, seconds
    p95_before double not null,          -- 95th percentile of the period before, seconds
    p95_after double not null,           -- and of the period after, seconds
    times_p50 double not null,           -- median after by median before; where durations are whole seconds, the least it can be
    times_p95 double not null,           -- 95th percentile after by that before, in the same way
    shift double not null,               -- z of the Mann-Whitney test of the two periods' runs: beyond 2.58, 1 in 100 by chance
    slowest_before double not null,      -- median run of the slowest period before, seconds: a pace it had before is not new
    same_hours_p50 double,               -- median run at the hours of the period after, on earlier days or else on later ones, seconds; null with fewer than 30 runs
    extra_time double not null,          -- what the runs after took more than as many of before would have, seconds in all
    beside varchar,                      -- what else changed within an hour, nearest: a mark or the first sight of a version, else a worker's boot
    beside_at timestamp                  -- and when, UTC
);
