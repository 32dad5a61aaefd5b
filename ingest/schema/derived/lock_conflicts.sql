-- One row per job that a lock kept from its queue: which lock, who held it, and whether the same work came later.
create table lock_conflicts (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_key varchar,                     -- the job that was refused, see jobs; null where the input names none
    job_id varchar,                      -- its id, where told
    job_class varchar,                   -- its class; where not told that of the jobs with the same lock
    lock varchar,                        -- the lock's key, where told
    outlives_holder boolean not null,    -- whether the lock is told to be kept for a time rather than until its holder ends
    refused_at timestamp,                -- when the job was refused, UTC
    holder_key varchar,                  -- the job that held the lock, or held it last, see jobs; null where none is known
    holder_id varchar,                   -- its id
    holder_basis varchar,                -- how it is known: lock (both name the same one), arguments (it does the same work)
    holder_ended_at timestamp,           -- when it had ended or its worker was last seen to live, UTC; null while it could hold the lock
    holder_end varchar,                  -- how: succeeded, failed, discarded, or died with its worker; null while it could hold the lock
    next_at timestamp,                   -- when another job with that lock or work next came or ran, UTC; null where none did
    source_id integer not null,          -- where it stands: the stream in sources
    line_no bigint not null,             -- and the line
    record_no integer not null           -- which record of that line
);
