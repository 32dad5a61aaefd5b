-- One row per look into a queue system at one moment.
create table snapshots (
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line it begins on
    record_no integer not null,          -- which record of that line; else 0
    snapshot_id varchar not null,        -- digest of its content: the same snapshot is the same id
    taken_at timestamp not null,         -- by the queue server's clock where it was noted, UTC
    system varchar not null,             -- sidekiq, jobrunner, ...
    scope varchar not null,              -- the queue installation, '' where there is only one
    version varchar,                     -- version of the job system, where it can be told
    label varchar,                       -- the name its taker gave it
    attributes json                      -- every other key of the input
);
