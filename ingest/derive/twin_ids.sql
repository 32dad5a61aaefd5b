-- Which id of a framework's job is meant by a backend's id, where no line has both: the framework's run lies within the
-- backend's run of the same process and class, and begins and ends with it. Of pairs
-- that fit about as well none is sure: the backend's run is then one of these jobs' runs, and it is not told which.
insert into twin_ids by name
with adapters as (
    select
        *,
        lower(regexp_replace(attributes ->> '$.adapter', '([a-z])([A-Z])', '\1_\2', 'g')) as backend
    from job_events
    where event = 'started' and system = 'active_job' and provider_job_id is null and pid is not null
),

framed as (
    select
        source_id,
        line_no,
        record_no,
        any_value(backend) as backend
    from adapters
    where backend in (select system from job_events)
    group by source_id, line_no, record_no
),

ends_of_framework as (
    select
        e.*,
        lead(e.event) over life as next_event,
        lead(e.occurred_at) over life as next_at
    from job_events as e
    where
        e.system = 'active_job' and e.event in ('started', 'succeeded', 'failed', 'interrupted', 'cancelled')
        and e.source_id in (select source_id from framed)
    window life as (partition by e.source_id, e.pid, e.job_id order by e.occurred_at, e.line_no, e.record_no)
),

inner_runs as (
    select
        e.scope,
        f.backend,
        e.job_id,
        e.pid,
        e.job_class,
        e.occurred_at as started_at,
        case when e.next_event <> 'started' then e.next_at end as ended_at,
        row_number() over (order by e.source_id, e.line_no, e.record_no) as run
    from ends_of_framework as e
    inner join framed as f on e.source_id = f.source_id and e.line_no = f.line_no and e.record_no = f.record_no
),

ends_of_backend as (
    select
        e.*,
        lead(e.event) over work as next_event,
        lead(e.occurred_at) over work as next_at,
        lead(e.job_id) over work as next_job_id
    from job_events as e
    where
        e.system in (select backend from framed) and e.event in ('started', 'succeeded', 'failed', 'interrupted')
        and e.pid is not null
    window work as (partition by e.source_id, e.pid, e.thread order by e.occurred_at, e.line_no, e.record_no)
),

outer_runs as (
    select
        scope,
        system,
        job_id,
        pid,
        job_class,
        occurred_at as started_at,
        case when next_event <> 'started' and next_job_id = job_id then next_at end as ended_at,
        row_number() over (order by source_id, line_no, record_no) as run
    from ends_of_backend
    where event = 'started'
),

seconds as (
    -- The framework's start lies in the same second as the backend's, or in the next.
    select
        *,
        unnest([epoch(started_at)::bigint, epoch(started_at)::bigint + 1]) as second
    from outer_runs
),

pairs as (
    -- A backend may cut its times to milliseconds: its end is up to that much later than it says.
    select
        o.run as outer_run,
        i.run as inner_run,
        o.scope,
        o.job_id as backend_id,
        i.job_id,
        greatest(date_diff('microsecond', o.started_at, i.started_at), 0)
        + coalesce(greatest(date_diff('microsecond', i.ended_at, o.ended_at), 0), 0) as distance
    from seconds as o
    inner join inner_runs as i
        on
            o.scope = i.scope and o.system = i.backend and o.pid = i.pid and o.job_class = i.job_class
            and o.second = epoch(i.started_at)::bigint
    where
        o.job_id <> i.job_id
        and i.started_at between o.started_at and o.started_at + interval 1 second
        and (o.ended_at is null) = (i.ended_at is null)
        and coalesce(i.ended_at between o.ended_at - interval 1 second and o.ended_at + interval 1 millisecond, true)
),

ranked as (
    select
        *,
        row_number() over of_outer as of_outer,
        row_number() over of_inner as of_inner,
        lead(distance) over of_outer as next_of_outer,
        lead(distance) over of_inner as next_of_inner
    from pairs
    window
        of_outer as (partition by outer_run order by distance, inner_run),
        of_inner as (partition by inner_run order by distance, outer_run)
),

surely as (
    select * from ranked
    where
        of_outer = 1 and of_inner = 1
        and coalesce(next_of_outer - distance >= 2000, true) and coalesce(next_of_inner - distance >= 2000, true)
),

left_over as (
    -- What fits nothing else, once those are taken.
    select
        *,
        count(*) over (partition by outer_run) as of_outer,
        count(*) over (partition by inner_run) as of_inner
    from pairs
    where
        outer_run not in (select outer_run from surely) and inner_run not in (select inner_run from surely)
),

found as (
    select
        scope,
        backend_id,
        job_id
    from surely
    union
    select
        scope,
        backend_id,
        job_id
    from left_over
    where of_outer = 1 and of_inner = 1
),

sure as (
    select
        scope,
        backend_id,
        min(job_id) as job_id
    from found
    group by scope, backend_id
    having count(*) = 1
)

select
    scope,
    backend_id,
    job_id,
    true as is_sure
from sure
union all
select distinct
    scope,
    backend_id,
    job_id,
    false
from left_over
where (scope, backend_id) not in (select (scope, backend_id) from sure)
order by scope, backend_id, job_id;
