-- Other jobs of the same class that do the same work: equal idempotency keys, or equal arguments enqueued shortly apart.
select
    t.job_id,
    coalesce(t.enqueued_at, t.first_started_at, t.first_seen_at) as came_at,
    t.state,
    case when t.idempotency_key = j.idempotency_key then 'idempotency key' else 'arguments' end as basis
from jobs as j
inner join jobs as t
    on
        j.scope = t.scope and j.system = t.system and j.job_class = t.job_class and j.job_key <> t.job_key
        and (
            j.idempotency_key = t.idempotency_key
            or (
                j.arguments_digest = t.arguments_digest
                and cast(t.arguments as varchar) not in ('[]', '{}', 'null')
                and abs(date_diff(
                    'microsecond',
                    coalesce(j.enqueued_at, j.first_started_at, j.first_seen_at),
                    coalesce(t.enqueued_at, t.first_started_at, t.first_seen_at)
                )) <= date_diff('microsecond', timestamp '2000-01-01', timestamp '2000-01-01' + $within)
            )
        )
where j.job_key = $job_key
order by came_at, t.job_id
limit 20
