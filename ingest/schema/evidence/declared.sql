-- One row per limit that people declare: what should be true, which no log tells.
create table declared (
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line, counted from 1
    record_no integer not null,          -- which row of that line, where a whole file is one record; else 0
    scope varchar not null,              -- the queue installation, '' where it is about all of them
    system varchar,                      -- the job system; null where it is about all of them
    kind varchar not null,               -- time_limit (a run is ended after so long), visibility_timeout (a job not acknowledged by then is handed out again), lock_ttl (lifetime of a job's lock), shutdown_timeout (runs may go on so long when a worker stops), or any other word
    queue varchar,                       -- the queue that it is about; null where it is about all of them
    job_class varchar,                   -- the class or task; null where it is about all of them
    seconds double not null,             -- the limit, in seconds
    attributes json                      -- every other key of the input
);
