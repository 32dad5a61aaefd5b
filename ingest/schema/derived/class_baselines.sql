-- What is usual for each job class on each queue: rules compare with these numbers and compute none.
create table class_baselines (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar not null,          -- class or task name
    queue varchar,                       -- queue name
    runs bigint not null,                -- runs that succeeded, with a known duration
    run_p50 double,                      -- median run, seconds
    run_p95 double,                      -- 95th percentile, seconds
    run_p99 double,                      -- 99th percentile, seconds
    run_max double,                      -- longest run, seconds
    log_median double,                   -- median of ln(run)
    log_spread double,                   -- median absolute deviation of ln(run), at least 0.1, and up to a quarter more where long runs lie further out
    body_p99 double,                     -- 99th percentile of the runs whose modified z-score on the log scale is at most 3.5
    outlier_share double,                -- share of the runs above that score: a large one is a second mode, not outliers
    slow_runs bigint not null,           -- how many runs that share is
    slow_tenths bigint not null,         -- in how many tenths of the time from the first run to the last they started
    slow_log_median double,              -- median of ln(run) of these runs
    slow_log_spread double,              -- the same spread of these runs
    waits bigint not null,               -- runs with a known wait
    wait_p50 double,                     -- median wait, seconds
    wait_p95 double,                     -- 95th percentile, seconds
    wait_p99 double,                     -- 99th percentile, seconds
    attempts bigint not null,            -- executions in all
    failures bigint not null             -- executions that failed
);
