-- One row per mark that people brought: a deploy, a restart, a change of configuration, whatever may explain what came after.
create table marks (
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line, counted from 1
    record_no integer not null,          -- which row of that line, where a whole file is one record; else 0
    occurred_at timestamp,               -- when, UTC
    scope varchar not null,              -- the queue installation, '' where it is about all of them
    system varchar,                      -- the job system; null where it is about all of them
    kind varchar not null,               -- deploy, rollback, restart, configuration, migration, ...: one word as given
    subject varchar,                     -- what was deployed, restarted or changed
    version varchar,                     -- its version from then on
    detail varchar,                      -- what else is said of it
    attributes json                      -- every other key of the input
);
