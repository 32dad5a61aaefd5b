-- How many runs have spans, and how many of these a span of the enqueue: where some have and some have not, spans were
-- sampled, dropped, or written by some machines only.
insert into span_shares by name
with spanned as (
    select
        e.job_key,
        min(e.seen_at) filter (e.event = 'enqueue') as enqueue_at,
        min(e.seen_at) filter (e.event = 'run') as run_at
    from attempt_evidence as e
    where e.kind = 'span' and e.event in ('enqueue', 'run')
    group by e.job_key
),

periods as (
    -- Spans tell of what ended between the first and the last of them.
    select
        j.scope,
        j.system,
        min(least(coalesce(s.enqueue_at, s.run_at), coalesce(s.run_at, s.enqueue_at))) as from_at,
        max(greatest(coalesce(s.enqueue_at, s.run_at), coalesce(s.run_at, s.enqueue_at))) as to_at
    from spanned as s
    inner join jobs as j on s.job_key = j.job_key
    group by j.scope, j.system
),

parts as (
    select
        a.scope,
        a.system,
        a.job_class,
        'run' as part,
        a.started_at,
        list_contains(a.observers, 'span') as has_span
    from attempts as a
    inner join periods as p on a.scope = p.scope and a.system = p.system
    where a.state in ('succeeded', 'failed') and a.started_at >= p.from_at and a.ended_at <= p.to_at
    union all
    select
        j.scope,
        j.system,
        j.job_class,
        'enqueue',
        j.first_started_at,
        s.enqueue_at is not null
    from spanned as s
    inner join jobs as j on s.job_key = j.job_key
    inner join periods as p on j.scope = p.scope and j.system = p.system
    where
        s.run_at is not null
        and coalesce(j.enqueued_at, j.first_started_at) > p.from_at and s.run_at <= p.to_at
)

select
    scope,
    system,
    job_class,
    part,
    count(*) as told,
    count(*) filter (has_span) as with_span,
    min(started_at) filter (not has_span) as from_at,
    max(started_at) filter (not has_span) as to_at
from parts
group by scope, system, job_class, part
order by scope, system, job_class, part;
