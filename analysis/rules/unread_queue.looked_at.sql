-- Queues that a worker says it reads, and jobs that wait for their first run.
select
    (select count(*) from (select distinct
        scope,
        system,
        unnest(queues)
    from workers)) as judged,
    (
        select count(*) from jobs
        where state = 'queued' and attempts = 0
    ) as waiting
