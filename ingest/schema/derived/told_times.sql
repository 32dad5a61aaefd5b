-- Per log: times and durations that its lines tell, against what the lines' own times say of the same.
create table told_times (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    log varchar not null,                -- the log, whatever files it came in
    what varchar not null,               -- duration, wait, enqueued_at or run_at
    compared bigint not null,            -- how often both are known, and long or far enough to tell
    times_as_much double not null,       -- what is told, as so many times what was measured: the median
    near_power bigint not null,          -- the power of a thousand nearest to that: 0 where the unit is right, 1 where milliseconds were read as seconds, -1 where seconds were read as milliseconds
    on_power double not null,            -- share of them that are within a factor of 3 of that power of a thousand
    from_at timestamp,                   -- the first compared, UTC
    to_at timestamp,                     -- the last, UTC
    source_id integer not null,          -- one of the lines: its stream in sources
    line_no bigint not null              -- and its line
);
