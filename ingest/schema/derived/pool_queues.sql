-- Which queues each pool of workers takes jobs from, of those that jobs were seen on.
create table pool_queues (
    scope varchar not null,              -- the queue installation
    system varchar not null,             -- the job system
    pool varchar not null,               -- the worker processes that read the same queues, see workers
    queue varchar not null               -- queue name
);
