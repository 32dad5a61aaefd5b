-- One row per lock that snapshots showed, and job that held it: since when, and whether that job was anywhere.
create table held_locks (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    lock varchar not null,               -- the lock's key
    kind varchar,                        -- until_executed, while_executing, semaphore, ...: the system's own word, where told
    job_class varchar,                   -- the class whose jobs it keeps apart, where told
    holder_key varchar,                  -- the job that holds it, see jobs; null where no input shows that job
    holder_id varchar,                   -- its id; where no input shows that job the id that the lock names, and null where it names none
    held_since timestamp,                -- when the holder took it, UTC
    expires_at timestamp,                -- when it will be given up by itself, UTC; null where never, or not told
    outlives_holder boolean not null,    -- whether it is, or may be, kept for a time on purpose rather than until its holder ends
    holder_ended_at timestamp,           -- when the holder had ended or its worker was last seen to live, UTC; null where no input shows that
    holder_end varchar,                  -- how: succeeded, failed, discarded, or died with its worker
    idle_since timestamp,                -- since when nothing shows anyone at work under it, UTC; null where the last snapshot shows its holder
    missing_since timestamp,             -- the first of the last snapshots in a row that show it and its holder nowhere, UTC; null where the last one shows its holder
    seen_at timestamp not null,          -- the last snapshot that shows it, UTC
    looks integer not null,              -- so many snapshots in a row, the last one included, show it and its holder nowhere
    is_cut_short boolean not null,       -- whether one of these may leave out where its holder is
    gone_by timestamp,                   -- the first later snapshot that shows locks, and not this one, UTC
    waiting integer not null,            -- jobs that wait for it in the last snapshot that shows it
    source_id integer not null,          -- where that snapshot stands: the stream in sources
    line_no bigint not null,             -- and the line
    record_no integer not null           -- which record of that line
);
