-- Every other line: what the application and the job system said meanwhile.
create table log_lines (
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line, counted from 1
    record_no integer not null,          -- which record of that line; else 0
    occurred_at timestamp,               -- when, UTC; null where the line has no time
    time_of_day time,                    -- the time of day, where the line names no date; occurred_at is then null until the day is known
    level varchar,                       -- debug, info, warn, error, fatal; null where none is given
    message varchar not null,            -- the words, continuation lines included
    system varchar,                      -- the job system whose log it stands in
    scope varchar not null,              -- the queue installation, '' where there is only one
    host varchar,                        -- machine, where named
    pid bigint,                          -- process id
    thread varchar,                      -- thread or fiber id
    job_id varchar,                      -- the job it was said in, where the line carries its id
    job_class varchar,                   -- class of that job, where the line carries it
    trace_id varchar,                    -- OpenTelemetry trace, lower-case hex
    span_id varchar,                     -- OpenTelemetry span, lower-case hex
    attributes json                      -- every other key of the input
);
