-- One row per queue that a snapshot showed, empty ones included.
create table snapshot_queues (
    source_id integer not null,          -- the stream in sources
    snapshot_id varchar not null,        -- the snapshot
    queue varchar not null,              -- queue name
    depth bigint not null,               -- jobs waiting in it
    oldest_at timestamp,                 -- when its oldest job was put there, UTC
    paused boolean                       -- whether it was paused, where it can be told
);
