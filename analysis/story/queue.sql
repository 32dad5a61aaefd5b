-- The queue a waiting job stands in: who reads it, what is ahead, how fast it moved lately, whether it was paused.
with readers as (
    select
        state,
        queues,
        -- A worker may read queues by the beginning of their names: mail*, or * for all.
        exists(
            select 1 from (select unnest(queues) as name)
            where name = $queue or (name like '%*' and starts_with($queue, replace(name, '*', '')))
        ) as reads_it
    from workers
    where scope = $scope and system = $system and queues is not null
),

names as (
    select distinct unnest(queues) as queue
    from readers
),

look as (
    select
        s.taken_at,
        q.depth,
        q.paused
    from snapshot_queues as q
    inner join snapshots as s on q.snapshot_id = s.snapshot_id
    where s.scope = $scope and s.system = $system and q.queue = $queue
    order by s.taken_at desc
    limit 1
)

select
    (select count(*) from readers) as workers,
    (
        select count(*) from readers
        where reads_it
    ) as readers,
    (
        select count(*) from readers
        where reads_it and state = 'alive'
    ) as readers_alive,
    exists(
        select 1 from attempts
        where scope = $scope and system = $system and queue = $queue
    ) as ever_started,
    (
        select count(*) from jobs
        where
            scope = $scope and system = $system and queue = $queue and state = 'queued' and job_key <> $job_key
            and eligible_at < $eligible_at
    ) as ahead,
    (
        select coalesce(sum(starts), 0) from queue_minutes
        where
            scope = $scope and system = $system and queue = $queue
            and minute >= date_trunc('minute', $as_of) - $lately and minute < date_trunc('minute', $as_of)
    ) as started_lately,
    (select taken_at from look) as looked_at,
    (select depth from look) as depth,
    (select paused from look) as paused,
    (
        -- Two letters in the wrong order are two changes; more than half of a name changed is another name.
        select min_by(queue, (distance, queue)) from (
            select
                queue,
                levenshtein(queue, $queue) as distance
            from names
        )
        where (distance <= 2 or distance * 4 <= length($queue)) and distance * 2 < length($queue)
    ) as likely_queue
