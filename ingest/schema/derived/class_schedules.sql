-- Classes whose jobs come at one spacing of whole minutes, as a timetable brings them; others have no row.
create table class_schedules (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    job_class varchar not null,          -- class or task name
    spacing double not null,             -- seconds from one time to the next
    anchor_at timestamp not null,        -- when its jobs came first, as the timetable would have it, UTC
    slot_count bigint not null,          -- times of the timetable at which jobs came
    slots_passed bigint not null,        -- times of the timetable from the first to the last of these
    on_slot double not null              -- share of its comings that lie at such a time, give or take 5 % of the spacing, at least 5 s and at most 1 min
);
