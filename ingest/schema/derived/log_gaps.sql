-- Stretches for which an input lacks something: lines of a log, the whole log of a machine, snapshots of a rhythm.
create table log_gaps (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    kind varchar not null,               -- stretch (a while without any line, in which lines are known to be missing), lines (missing here and there), silence (a while longer than the log is ever silent, though nothing shows that lines are missing), machine (its workers wrote none of the logs read), snapshots (missing from their rhythm)
    log varchar,                         -- the log, whatever files it came in; null where it is about a machine or snapshots
    host varchar,                        -- machine; of a log only where several machines write it
    from_at timestamp not null,          -- the last record before, UTC; of lines and of a machine the first time that something is missing
    to_at timestamp not null,            -- the first record after, UTC; of lines and of a machine the last time that something is missing
    usual_gap double,                    -- seconds: 99 of 100 gaps between two records of the log are no longer; of snapshots their rhythm
    on_rhythm double,                    -- of snapshots: share of the gaps that are as long as the rhythm
    records bigint not null,             -- records the log has in all; of a machine the processes seen there; of snapshots how many there are
    no_starts bigint not null,           -- runs of which it has the end and not the start
    no_ends bigint not null,             -- runs of which it has the start and not the end, although their thread went on
    no_runs bigint not null,             -- runs of its workers that another input shows and it does not
    no_heartbeats bigint not null,       -- heartbeats missing between two of one process
    no_jobs bigint not null,             -- jobs that came in the stretch and left their queue, and no input shows them to run
    others_went_on boolean not null,     -- of a stretch: whether other logs of the same system tell of runs that began in it
    no_snapshots bigint not null,        -- snapshots missing from the rhythm
    source_id integer,                   -- the last record before: its stream in sources
    line_no bigint,                      -- and its line
    next_source_id integer,              -- the first record after: its stream in sources
    next_line_no bigint                  -- and its line
);
