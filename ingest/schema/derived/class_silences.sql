-- One row per class: how long it has not come, at the end of the data, and how it came at the same hours of earlier days.
create table class_silences (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar not null,          -- class or task name
    job_key varchar not null,            -- the last of its jobs that came, see jobs
    last_came_at timestamp not null,     -- when that was put on a queue or, where no input shows it, started, UTC
    until_at timestamp not null,         -- when the last job of any class came, UTC
    silent_for double not null,          -- seconds from one to the other
    compared double not null,            -- seconds of it that are compared with earlier days: those of the first day at most
    others_since bigint not null,        -- jobs of other classes that came in these
    days bigint not null,                -- earlier days, of the last 28, of which the same hours are in the data, others came in them, and both ends fall on a working day or a weekend alike
    comings bigint not null,             -- its jobs that came in the same hours of these days
    bursts bigint not null,              -- the same, jobs that came within 20 s of each other counted once
    longest_gap double,                  -- longest seconds in the same hours of these days in which none came; null without such a day
    others_then bigint not null,         -- jobs of other classes that came in the same hours of these days
    by_chance double,                    -- how likely all of the bursts fall on the earlier days by chance, if it came then as often as in the silence, measured by the jobs of other classes
    seen_share double not null,          -- part of the lines about it, of enqueues or of runs, from logs, machines, services or queues that told of other classes in the last quarter of the silence
    enqueues_seen boolean not null,      -- whether that is so of the lines about its enqueues
    successor varchar,                   -- class that came for the first time in the silence, and half as often at least
    successor_at timestamp,              -- and when, UTC
    beside varchar,                      -- what changed nearest to the beginning of the silence, within an hour: a mark, a version first seen or settings, else workers that started
    beside_at timestamp                  -- and when, UTC
);
