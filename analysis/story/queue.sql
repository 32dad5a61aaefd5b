-- The queue a waiting job stands in: who reads it, what is ahead, how fast it moved lately, whether it was paused.
with readers as (
    select
        worker_key,
        state,
        queues
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
        where list_contains(queues, $queue) or list_contains(queues, '*')
    ) as readers,
    (
        select count(*) from readers
        where state = 'alive' and (list_contains(queues, $queue) or list_contains(queues, '*'))
    ) as readers_alive,
    exists(
        select 1 from attempts
        where scope = $scope and system = $system and queue = $queue
    ) as ever_started,
    (
        select count(*) from jobs
        where
            scope = $scope and system = $system and queue = $queue and state = 'queued' and job_key <> $job_key
            and enqueued_at < $enqueued_at
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
        select min_by(queue, damerau_levenshtein(queue, $queue) * 1000 + ascii(queue)) from names
        where damerau_levenshtein(queue, $queue) <= greatest(1, length($queue) / 4)
    ) as likely_queue
