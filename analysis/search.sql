-- Jobs that meet every wish, the latest first, each with how many there are in all. A wish that is null narrows nothing.
with asked as (
    select
        unnest(range(len($argument_keys))) as place,
        unnest($argument_keys) as argument_key,
        unnest($argument_values) as argument_value
),

holding as (
    -- Jobs in whose arguments every key stands with its value, at any depth.
    select j.job_key
    from jobs as j, json_tree(j.arguments) as t, asked as a
    where
        j.arguments is not null
        and t.atom is not null
        and (a.argument_key = '' or t.key = a.argument_key)
        and (
            t.atom ->> '$' = a.argument_value
            or (contains(a.argument_value, '*') and t.atom ->> '$' glob a.argument_value)
        )
    group by j.job_key
    having count(distinct a.place) = len($argument_keys)
),

found as (
    select *
    from jobs as j
    where
        ($job_class is null or j.job_class = $job_class or (contains($job_class, '*') and j.job_class glob $job_class))
        and ($queue is null or j.queue = $queue or (contains($queue, '*') and j.queue glob $queue))
        and ($state is null or j.state = $state)
        and (
            $error is null
            or contains(lower(j.error_class), lower($error))
            or contains(lower(j.error_message), lower($error))
        )
        and ($since is null or coalesce(j.last_seen_at, j.enqueued_at) >= $since)
        and ($until is null or coalesce(j.first_seen_at, j.enqueued_at) < $until)
        and (len($argument_keys) = 0 or j.job_key in (select h.job_key from holding as h))
),

newest as (
    select
        *,
        coalesce(enqueued_at, first_started_at, first_seen_at) as came_at,
        count(*) over () as total
    from found
    order by came_at desc nulls last, job_key asc
    limit $most
)

select
    n.job_key,
    n.job_id,
    n.job_class,
    n.queue,
    n.state,
    n.came_at,
    n.finished_at,
    n.attempts,
    min_by(a.wait, a.attempt) as wait,
    max_by(a.run, a.attempt) as run,
    n.error_class,
    n.error_message,
    n.arguments,
    n.total
from newest as n
left join attempts as a on n.job_key = a.job_key
group by all
order by n.came_at desc nulls last, n.job_key asc
