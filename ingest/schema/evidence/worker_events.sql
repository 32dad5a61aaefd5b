-- One row per event in a worker process's life, as its log told it.
create table worker_events (
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line, counted from 1
    record_no integer not null,          -- which record of that line; else 0
    occurred_at timestamp,               -- when, UTC
    time_of_day time,                    -- the time of day, where the line names no date; occurred_at is then null until the day is known
    event varchar not null,              -- booted, reading (a queue, from now on), heartbeat, quieted, stopping, pushed_back, stopped, died (as its parent says)
    system varchar not null,             -- the job system
    scope varchar not null,              -- the queue installation, '' where there is only one
    service varchar,                     -- the application, where named
    version varchar,                     -- version of the job system or the application, where named
    host varchar,                        -- machine, where named
    pid bigint,                          -- process id
    thread varchar,                      -- thread that wrote the line
    worker varchar,                      -- the process's own name, where it has one
    queues varchar[],                    -- queues it reads, where it says so
    concurrency integer,                 -- jobs it runs at once, where it says so
    job_count integer,                   -- jobs concerned, of pushed_back and of stopping
    message varchar,                     -- the words of the line
    attributes json                      -- every other key of the input
);
