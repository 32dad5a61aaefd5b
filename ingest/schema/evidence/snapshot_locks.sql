-- One row per lock that a snapshot showed, and job that held it: what keeps other jobs of the same key away or waiting.
create table snapshot_locks (
    source_id integer not null,          -- the stream in sources
    snapshot_id varchar not null,        -- the snapshot
    lock varchar not null,               -- the lock's key, as lines and payloads name it
    kind varchar,                        -- until_executed, while_executing, semaphore, ...: the system's own word, where told
    job_class varchar,                   -- class or task that it is of, where the lock itself tells
    holder_id varchar,                   -- the backend's id of the job that holds it; null where the system notes none
    held_since timestamp,                -- when that job took it, UTC
    expires_at timestamp,                -- when it will be given up by itself, UTC; null where never, or not told
    attributes json                      -- what else is said of it
);
