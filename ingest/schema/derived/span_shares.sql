-- Per class: how many of its runs, and of the enqueues of its jobs, have a span, in the time that spans cover.
create table span_shares (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar,                   -- class or task name
    part varchar not null,               -- run: the span of a run, of the runs that any input shows to end; enqueue: the span of the enqueue, of the jobs whose run has a span
    told bigint not null,                -- how many there are
    with_span bigint not null,           -- how many of them have the span
    from_at timestamp,                   -- start of the first without it, UTC
    to_at timestamp                      -- start of the last without it, UTC
);
