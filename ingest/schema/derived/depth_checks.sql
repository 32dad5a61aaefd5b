-- Per queue and pair of snapshots after each other: what jobs came and began between them, and what the queue held.
create table depth_checks (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    queue varchar not null,              -- queue name
    from_at timestamp not null,          -- when the first of the two snapshots was taken, UTC
    to_at timestamp not null,            -- when the second was taken, UTC
    depth_from bigint not null,          -- jobs waiting for their first run in the first, those that were scheduled left out
    came bigint not null,                -- jobs enqueued between the two, the same left out
    began bigint not null,               -- of such jobs, those whose first run began between the two
    at_edges bigint not null,            -- of those that came or began, or in the pairs before and after, within 10 seconds of a snapshot: clocks may put these on its other side
    expected bigint not null,            -- jobs that should wait in the second: depth_from + came - began
    depth_to bigint not null,            -- jobs that do
    source_id integer not null,          -- the first snapshot: its stream in sources
    line_no bigint not null,             -- and its line
    next_source_id integer not null,     -- the second snapshot: its stream in sources
    next_line_no bigint not null         -- and its line
);
