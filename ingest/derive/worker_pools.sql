-- Which worker processes share their work: those that read the same queues are one pool.
update workers set pool = case when list_contains(queues, '*') then '*' else array_to_string(queues, ', ') end
where len(queues) > 0;

insert into pool_queues by name
with known_queues as (
    select
        scope,
        system,
        queue
    from jobs
    where queue is not null
    union
    select
        scope,
        system,
        queue
    from attempts
    where queue is not null
),

reads as (
    select distinct
        scope,
        system,
        pool,
        unnest(queues) as name
    from workers
    where pool is not null
)

select distinct
    r.scope,
    r.system,
    r.pool,
    k.queue
from reads as r
inner join known_queues as k
    on
        r.scope = k.scope and r.system = k.system
        -- A worker may read queues by the beginning of their names: mail*, or * for all.
        and (r.name = k.queue or (r.name like '%*' and starts_with(k.queue, replace(r.name, '*', ''))))
order by r.scope, r.system, r.pool, k.queue;

-- Processes that no input tells the queues of: of the one pool that serves what they ran or, where none does, a pool of
-- those that ran jobs of the same queues, and of no other.
with ran as (
    select distinct
        w.worker_key,
        w.scope,
        w.system,
        a.queue
    from attempts as a
    inner join workers as w on a.worker_key = w.worker_key
    where w.pool is null and a.queue is not null
),

sets as (
    select
        worker_key,
        array_to_string(list_sort(list(queue)), ', ') as queues
    from ran
    group by worker_key
),

served as (
    select distinct
        r.worker_key,
        q.pool
    from ran as r
    left join pool_queues as q on r.scope = q.scope and r.system = q.system and r.queue = q.queue
),

told as (
    select
        worker_key,
        any_value(pool) as pool
    from served
    group by worker_key
    having count(*) = 1
),

queues_of_one_set as (
    select
        r.scope,
        r.system,
        r.queue
    from ran as r
    inner join sets as s on r.worker_key = s.worker_key
    group by r.scope, r.system, r.queue
    having count(distinct s.queues) = 1
),

named as (
    select
        t.worker_key,
        coalesce(t.pool, any_value(s.queues)) as pool
    from told as t
    inner join sets as s on t.worker_key = s.worker_key
    inner join ran as r on t.worker_key = r.worker_key
    left join queues_of_one_set as o on r.scope = o.scope and r.system = o.system and r.queue = o.queue
    group by t.worker_key, t.pool
    having t.pool is not null or count(o.queue) = count(*)
)

update workers set pool = named.pool
from named
where workers.worker_key = named.worker_key;

insert into pool_queues by name
select distinct
    w.scope,
    w.system,
    w.pool,
    a.queue
from attempts as a
inner join workers as w on a.worker_key = w.worker_key
where w.pool is not null and len(coalesce(w.queues, [])) = 0 and a.queue is not null
except
select
    scope,
    system,
    pool,
    queue
from pool_queues
order by scope, system, pool, queue;
