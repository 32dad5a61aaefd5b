-- Some frameworks say that a failed run is tried again, or given up, in a line that names the class and not the job. It
-- comes right behind that failure, or behind the enqueue of the retry, of the same process. Where several failures of
-- one class and error are open at once, each is told its fate only if all of them are told one, in the same words.
insert into inferred_ids
with told as (
    select e.*
    from job_events as e
    where
        e.event in ('started', 'failed', 'enqueued', 'scheduled', 'retry_scheduled', 'retries_exhausted', 'discarded')
        and e.source_id in (
            select n.source_id from job_events as n
            where n.job_id is null and n.event in ('retry_scheduled', 'retries_exhausted', 'discarded')
        )
),

followed as (
    select
        *,
        lead(event) over life as next_event,
        lead(line_no) over life as next_line_no,
        lead(record_no) over life as next_record_no,
        lead(occurred_at) over life as next_at
    from told
    where job_id is not null
    window life as (partition by source_id, pid, job_id order by line_no, record_no)
),

failures as (
    -- A failure whose job is enqueued again right after it is one to be retried.
    select
        *,
        next_event in ('enqueued', 'scheduled', 'retry_scheduled')
        and coalesce(seconds_between(occurred_at, next_at) <= 1, true) as is_retried
    from followed
    where event = 'failed'
),

signs as (
    select
        source_id,
        pid,
        job_class,
        error_class,
        coalesce(is_retried, false) as is_retried,
        case when is_retried then next_line_no else line_no end as line_no,
        case when is_retried then next_record_no else record_no end as record_no,
        case when is_retried then next_at else occurred_at end as occurred_at,
        job_id,
        1 as opens,
        null as words
    from failures
    union all
    select
        source_id,
        pid,
        job_class,
        error_class,
        event = 'retry_scheduled',
        line_no,
        record_no,
        occurred_at,
        null,
        -1,
        event || coalesce(' ' || message, '')
    from told
    where job_id is null and event in ('retry_scheduled', 'retries_exhausted', 'discarded')
),

spaced as (
    -- A thread says both at once; others may come between. Without times it is the number of lines between.
    select
        *,
        coalesce(
            coalesce(
                seconds_between(lag(occurred_at) over kind, occurred_at) > 1, line_no - lag(line_no) over kind > 50
            )::integer, 0
        ) as is_apart
    from signs
    window kind as (partition by source_id, pid, job_class, error_class, is_retried order by line_no, record_no)
),

bursts as (
    select
        *,
        sum(is_apart) over (
            partition by source_id, pid, job_class, error_class, is_retried order by line_no, record_no
        ) as burst
    from spaced
),

counted as (
    select
        *,
        sum(opens) over (
            partition by source_id, pid, job_class, error_class, is_retried, burst order by line_no, record_no
        ) as still_open
    from bursts
),

periods as (
    select
        *,
        coalesce(sum(case when still_open = 0 then 1 else 0 end) over (
            partition by source_id, pid, job_class, error_class, is_retried, burst
            order by line_no, record_no rows between unbounded preceding and 1 preceding
        ), 0) as period
    from counted
),

placed as (
    select
        *,
        row_number() over (
            partition by source_id, pid, job_class, error_class, is_retried, burst, period, opens
            order by line_no, record_no
        ) as place,
        sum(opens) over whole as balance,
        min(still_open) over whole as lowest,
        min(words) over whole = max(words) over whole as told_alike
    from periods
    window whole as (partition by source_id, pid, job_class, error_class, is_retried, burst, period)
)

select
    w.source_id,
    w.line_no,
    w.record_no,
    f.job_id,
    'exact' as identity
from placed as w
inner join placed as f
    on
        w.source_id = f.source_id and w.pid is not distinct from f.pid and w.job_class = f.job_class
        and w.error_class = f.error_class and w.is_retried = f.is_retried and w.burst = f.burst and w.period = f.period
        and w.place = f.place
where w.opens = -1 and f.opens = 1 and w.balance = 0 and w.lowest >= 0 and w.told_alike
order by w.source_id, w.line_no, w.record_no;
