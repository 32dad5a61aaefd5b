-- How far the clocks of two machines are apart at least, told by causes that their effects cannot have come before.
create table host_clocks (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    basis varchar not null,              -- what follows on what: enqueued, started; running, snapshot; heartbeat, snapshot; span, log; log, span; or future: a lone time after all others
    cause_clock varchar not null,        -- machine whose clock timed the cause; the log, where it names none
    effect_clock varchar not null,       -- machine whose clock timed the effect; the queue's server, of snapshots
    pairs bigint not null,               -- causes and effects compared
    gap_min double not null,             -- shortest time from cause to effect, seconds; negative where the effect seems to come first
    gap_p05 double not null,             -- the time that 5 of 100 pairs do not exceed
    behind double not null,              -- seconds by which the effect's clock is behind the cause's at least: 5 of 100 pairs show as much; 0 where none does, or with fewer than 20 pairs
    source_id integer,                   -- the cause of the shortest time: its stream in sources
    line_no bigint,                      -- and its line
    next_source_id integer,              -- its effect: the stream in sources
    next_line_no bigint,                 -- and its line
    from_at timestamp,                   -- the first cause compared, UTC
    to_at timestamp                      -- the last one, UTC
);
