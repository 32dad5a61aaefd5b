-- Everything any input says about the job, in the order of its life; of very many pieces the first and the last.
-- An enqueue that another machine's clock puts just behind the start of its own run is told before that start.
with told as (
    select
        e.*,
        s.path,
        coalesce(
            case when e.event in ('enqueued', 'enqueue', 'scheduled', 'queued') then a.started_at end,
            e.seen_at
        ) as told_at,
        case
            when e.event in ('enqueued', 'enqueue', 'scheduled', 'queued') then 0
            when e.event = 'started' then 1
            when e.event = 'run' then 3
            else 2
        end as told_order
    from attempt_evidence as e
    inner join sources as s on e.source_id = s.source_id
    left join (
        select
            job_key,
            enqueued_at,
            min(started_at) as started_at
        from attempts
        group by job_key, enqueued_at
    ) as a on e.job_key = a.job_key and e.seen_at = a.enqueued_at and e.seen_at > a.started_at
    where e.job_key = $job_key
),

placed as (
    select
        *,
        row_number() over life as place,
        count(*) over () as pieces
    from told
    window life as (order by told_at nulls first, told_order, source_id, line_no, record_no, event, text)
)

select
    seen_at as at,
    path as source,
    line_no as line,
    kind,
    event,
    attempt,
    text,
    pieces
from placed
where place <= $most / 2 or place > pieces - $most / 2
order by place
