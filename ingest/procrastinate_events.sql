-- The job events that rows of procrastinate_events tell, and the rows that cannot be read, with the reason.
-- The time of an event "scheduled" is when the job is due: it belongs to the deferral beside it, the later one if both are.
with rows_read as (
    select
        line_no,
        try_cast(id as bigint) as id,
        case when regexp_full_match(job_id, '\d{1,18}') then job_id end as job_id,
        type,
        case
            when regexp_full_match(told_at[1:5], '(19[7-9]\d|2[01]\d\d|22[0-5]\d)-')
                then try_cast(told_at as timestamptz) at time zone 'UTC'
        end as moment
    from records
),

neighbours as (
    select
        *,
        lag(type) over job as before,
        lag(moment) over job as due_before,
        lead(type) over job as after,
        lead(moment) over job as due_after,
        lead(type, 2) over job as second_after,
        sum(case when type = 'started' then 1 else 0 end)
            over (partition by job_id order by id rows between unbounded preceding and current row) as attempt,
        bool_or(type = 'deferred') over (partition by job_id) as known_from_the_start
    from rows_read
    where id is not null and job_id is not null and moment is not null
    window job as (partition by job_id order by id)
),

told as (
    select
        *,
        case
            when type not in ('deferred', 'deferred_for_retry', 'retried') then null
            when before = 'scheduled' then due_before
            when
                after = 'scheduled'
                and coalesce(second_after not in ('deferred', 'deferred_for_retry', 'retried'), true)
                then due_after
        end as due_at
    from neighbours
    where
        type <> 'scheduled'
        or not (
            coalesce(before in ('deferred', 'deferred_for_retry', 'retried'), false)
            or coalesce(after in ('deferred', 'deferred_for_retry', 'retried'), false)
        )
),

events as (
    select
        *,
        0 as record_no,
        case
            when type = 'deferred' and due_at is not null then 'scheduled'
            when type = 'deferred' then 'enqueued'
            when type in ('started', 'succeeded', 'failed', 'cancelled', 'scheduled') then type
            when type = 'deferred_for_retry' then 'failed'
            when type = 'retried' then 'retry_scheduled'
            when type = 'aborted' then 'cancelled'
        end as event
    from told
    union all
    select
        *,
        1,
        'retry_scheduled'
    from told
    where type = 'deferred_for_retry'
)

select
    line_no,
    record_no::integer as record_no,
    case when type <> 'scheduled' then moment end as occurred_at,
    event,
    'procrastinate' as system,
    job_id,
    case
        when known_from_the_start and event in ('started', 'succeeded', 'failed') and attempt > 0 then attempt::integer
    end as attempt,
    case when type = 'scheduled' then moment when event in ('scheduled', 'retry_scheduled') then due_at end as run_at,
    case when event = 'failed' then type = 'deferred_for_retry' end as will_retry,
    type as message,
    json_object('event_id', id)::varchar as attributes,
    null as reason
from events
union all
select
    line_no,
    0,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    'line ' || line_no || ': no event of a job with a number, a job, a type and a time of the years 1970 to 2259'
from rows_read
where id is null or job_id is null or type is null or moment is null
order by line_no, record_no
