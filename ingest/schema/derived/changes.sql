-- What changed in an installation, and when: what people marked, versions when they were first seen, settings of workers, their starts and ends.
create table changes (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    changed_at timestamp not null,       -- UTC
    kind varchar not null,               -- mark (a deploy or another change that people told, see marks), version (first seen, after another), settings (of a machine's workers, as never before), restart, shutdown (each of the workers of one machine within a minute)
    subject varchar not null,            -- the version; of a mark what it is about; else the machine; '' where it is not known
    detail varchar not null,             -- in words
    brief varchar not null               -- in few words, to be told beside something else
);
