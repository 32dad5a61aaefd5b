-- Each job's life in one row. Its state is the last word any input has on it.
insert into jobs by name
with words as (
    -- Facts about jobs outside their runs, from every input.
    select
        k.job_key,
        e.occurred_at as seen_at,
        'log' as basis,
        e.source_id,
        e.line_no,
        e.record_no,
        case e.event
            when 'scheduled' then 'scheduled'
            when 'enqueued' then 'queued'
            when 'requeued' then 'queued'
            when 'retry_scheduled' then 'retrying'
            when 'retries_exhausted' then 'failed'
            when 'discarded' then 'discarded'
            when 'cancelled' then 'discarded'
        end as state,
        e.run_at,
        e.job_class,
        e.queue,
        e.arguments,
        e.arguments_digest,
        e.idempotency_key,
        e.provider_job_id,
        e.max_attempts,
        e.parent_job_id,
        e.trace_id,
        e.error_class,
        e.error_message,
        case when e.system = 'active_job' then e.attributes ->> '$.adapter' end as adapter
    from told_events as e
    inner join job_keys as k on e.scope = k.scope and e.system = k.seen_system and e.job_id = k.id
    union all
    select
        k.job_key,
        -- A record of a failure speaks of when that happened, however long it is kept.
        case when j.held_in = 'failed' then coalesce(j.failed_at, s.taken_at) else s.taken_at end,
        'snapshot',
        s.source_id,
        s.line_no,
        s.record_no,
        case j.held_in
            when 'queued' then 'queued' when 'retry' then 'retrying' when 'dead' then 'failed'
            when 'scheduled' then 'scheduled'
            when 'failed' then case when j.failed_at is null then 'failed' else 'failed, retry not told' end
        end,
        j.run_at,
        j.job_class,
        j.queue,
        j.arguments,
        j.arguments_digest,
        j.idempotency_key,
        j.provider_job_id,
        j.max_attempts,
        null,
        null,
        j.error_class,
        j.error_message,
        null
    from told_snapshot_jobs as j
    inner join snapshots as s on j.snapshot_id = s.snapshot_id
    inner join job_keys as k on s.scope = k.scope and s.system = k.seen_system and j.job_id = k.id
    union all
    select
        k.job_key,
        coalesce(p.ended_at, p.started_at),
        'span',
        p.source_id,
        p.line_no,
        p.record_no,
        case when p.operation = 'enqueue' and p.status <> 'error' then 'queued' end,
        null,
        p.job_class,
        p.queue,
        null,
        null,
        null,
        p.provider_job_id,
        null,
        null,
        p.trace_id,
        null,
        null,
        case when p.system = 'active_job' then p.attributes ->> '$."messaging.active_job.adapter.name"' end
    from spans as p
    inner join job_keys as k on p.scope = k.scope and coalesce(p.system, 'otel') = k.seen_system and p.job_id = k.id
    union all
    select
        k.job_key,
        l.occurred_at,
        'log',
        l.source_id,
        l.line_no,
        l.record_no,
        null,
        null,
        l.job_class,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        l.trace_id,
        null,
        null,
        null
    from log_lines as l
    inner join job_keys as k on l.scope = k.scope and l.system = k.seen_system and l.job_id = k.id
),

facts as (
    select
        job_key,
        any_value(job_class order by basis, seen_at, source_id, line_no, record_no) as job_class,
        any_value(queue order by basis, seen_at, source_id, line_no, record_no) as queue,
        any_value(arguments order by seen_at, source_id, line_no, record_no) as arguments,
        any_value(arguments_digest order by seen_at, source_id, line_no, record_no) as arguments_digest,
        any_value(idempotency_key order by seen_at, source_id, line_no, record_no) as idempotency_key,
        arg_max(provider_job_id, (seen_at, provider_job_id)) filter (seen_at is not null) as provider_job_id,
        max(max_attempts) as max_attempts,
        any_value(parent_job_id order by seen_at, source_id, line_no, record_no) as parent_job_id,
        max(adapter) as adapter,
        arg_max(trace_id, (seen_at, trace_id)) filter (seen_at is not null) as trace_id,
        arg_max({ 'class': error_class, 'message': error_message }, (seen_at, error_class, error_message)) filter (
            seen_at is not null and coalesce(error_class, error_message) is not null
        ) as last_error,
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from words
    group by job_key
),

runs_of_jobs as (
    select
        job_key,
        count(*) as attempts,
        count(*) filter (state = 'failed') as failures,
        count(*) filter (state = 'succeeded') as successes,
        count(*) filter (state = 'interrupted') as interruptions,
        count(*) filter (state = 'succeeded' and coalesce(ended_at, started_at) is null) as untimed_successes,
        min(started_at) as first_started_at,
        max(ended_at) as last_ended_at,
        any_value(job_class order by attempt) as job_class,
        any_value(queue order by attempt) as queue,
        arg_max(
            { 'class': error_class, 'message': error_message, 'fingerprint': error_fingerprint }, attempt
        ) filter (error_fingerprint is not null) as last_error,
        arg_max(trace_id, attempt) as trace_id,
        max(last_seen_at) as last_seen_at
    from attempts
    group by job_key
),

causes as (
    -- An enqueue that its enqueuer logged after the run it led to had begun is told before that run.
    select
        job_key,
        enqueued_at,
        min(started_at) as started_at
    from attempts
    where enqueued_at > started_at
    group by job_key, enqueued_at
),

spoken as (
    -- What is scheduled after it has run is waiting for a retry.
    select
        w.job_key,
        coalesce(c.started_at, w.seen_at) as seen_at,
        w.basis,
        case when w.state = 'scheduled' and w.seen_at > r.first_started_at then 'retrying' else w.state end as state,
        w.run_at,
        case
            when c.job_key is not null then 0
            when w.state in ('failed', 'discarded') then 3
            when w.state = 'failed, retry not told' then 1
            else 2
        end as weight,
        0 as attempt,
        w.basis = 'log' or w.state = 'failed, retry not told' as is_told
    from words as w
    left join runs_of_jobs as r on w.job_key = r.job_key
    left join causes as c
        on w.job_key = c.job_key and w.seen_at = c.enqueued_at and w.state in ('queued', 'scheduled')
    where w.state is not null and w.seen_at is not null
    union all
    select
        job_key,
        coalesce(ended_at, started_at),
        observers[1],
        case
            when state = 'failed' and will_retry then 'retrying'
            when state = 'failed' and will_retry is null then 'failed, retry not told'
            when state = 'cancelled' then 'discarded'
            else state
        end,
        null,
        1,
        attempt,
        true
    from attempts
),

timed as (
    select
        *,
        is_told
        and bool_and(not is_told or seen_at = date_trunc('second', seen_at)) over (
            partition by job_key
        ) as is_of_whole_seconds
    from spoken
),

last_words as (
    -- A log that writes whole seconds means any moment of that second; a snapshot taken within it came before.
    select * from timed
    qualify row_number() over (
        partition by job_key
        order by
            case when is_of_whole_seconds then seen_at + interval 999999 microsecond else seen_at end desc,
            weight desc, attempt desc, state asc, basis asc, run_at asc
    ) = 1
),

changed as (
    select
        l.job_key,
        max(s.seen_at) as changed_at
    from last_words as l
    inner join spoken as s on l.job_key = s.job_key and l.state <> s.state
    group by l.job_key
),

settled as (
    -- Since when it has been in the state of the last word: a job that every snapshot finds queued is queued since the first.
    select
        l.job_key,
        min(s.seen_at) as state_at,
        arg_max(s.run_at, s.seen_at) as run_at
    from last_words as l
    inner join spoken as s on l.job_key = s.job_key and l.state = s.state
    left join changed as c on l.job_key = c.job_key
    where coalesce(s.seen_at >= c.changed_at, true)
    group by l.job_key
),

enqueued as (
    -- Put on its queue again after it has run, a job was not enqueued then but earlier, unseen; clocks may differ a little.
    select
        e.job_key,
        min(e.enqueued_at) filter (
            not e.is_return and coalesce(e.enqueued_at <= r.first_started_at + interval 2 second, true)
        ) as enqueued_at,
        arg_max(e.eligible_at, e.enqueued_at) as eligible_at
    from enqueues as e
    left join runs_of_jobs as r on e.job_key = r.job_key
    group by e.job_key
),

last_looks as (
    -- The last snapshot of each installation that lists jobs.
    select
        s.scope,
        s.system,
        max(s.taken_at) as taken_at
    from snapshots as s
    inner join sources as f on s.source_id = f.source_id
    where list_contains(f.shows, 'queues')
    group by s.scope, s.system
),

unlogged as (
    -- Until when workers were at work whose logs are not among the inputs. Of a log without times the lines stand in
    -- another life of the same process.
    select
        scope,
        system,
        max(seen_until) as seen_until
    from (
        select
            scope,
            system,
            max(last_seen_at) as seen_until
        from workers
        group by scope, system, worker, host, pid
        having sum(lines) = 0
    )
    group by scope, system
),

nameless as (
    -- Jobs of systems that give them no id: theirs was made up.
    select
        k.job_key,
        case when bool_or(i.identity = 'ambiguous') then 'ambiguous' else 'inferred' end as identity
    from (
        select
            e.scope,
            e.system,
            i.job_id,
            i.identity
        from inferred_ids as i
        inner join job_events as e on i.source_id = e.source_id and i.line_no = e.line_no and i.record_no = e.record_no
        union all
        select
            s.scope,
            s.system,
            i.job_id,
            i.identity
        from inferred_snapshot_ids as i
        inner join snapshots as s on i.source_id = s.source_id and i.snapshot_id = s.snapshot_id
    ) as i
    inner join job_keys as k on i.scope = k.scope and i.system = k.seen_system and i.job_id = k.id
    where i.identity <> 'exact'
    group by k.job_key
),

known as (
    select distinct
        job_key,
        scope,
        system,
        job_id
    from job_keys
),

judged as (
    select
        k.*,
        l.state as last_state,
        l.basis,
        t.run_at,
        t.state_at,
        o.taken_at as looked_at,
        coalesce(o.taken_at > l.seen_at and coalesce(u.seen_until <= l.seen_at, true), false) as will_not_return,
        coalesce(
            l.state in ('queued', 'scheduled', 'retrying') and o.taken_at > l.seen_at, false
        ) as waits_no_more
    from known as k
    left join last_words as l on k.job_key = l.job_key
    left join settled as t on k.job_key = t.job_key
    left join last_looks as o on k.scope = o.scope and k.system = o.system
    left join unlogged as u on k.scope = u.scope and k.system = u.system
),

stated as (
    select
        j.job_key,
        case
            -- A success without a time came after what else is known, unless the job was still there at the last look.
            when
                r.untimed_successes > 0
                and (
                    j.last_state in ('failed, retry not told', 'unknown')
                    or j.waits_no_more
                ) then 'succeeded'
            when j.last_state is null then 'unknown'
            -- A failure without a word on retries, gone from a later snapshot: no retry will come, and none came unless
            -- on a worker whose log is missing.
            when j.last_state = 'failed, retry not told' and j.will_not_return then 'failed'
            when j.last_state = 'failed, retry not told' then 'unknown'
            when j.waits_no_more then 'unknown'
            else j.last_state
        end as state
    from judged as j
    left join runs_of_jobs as r on j.job_key = r.job_key
)

select
    j.job_key,
    j.scope,
    j.system,
    j.job_id,
    nullif(f.provider_job_id, j.job_id) as provider_job_id,
    coalesce(f.job_class, r.job_class) as job_class,
    coalesce(f.queue, r.queue) as queue,
    case when f.queue is not null then 'seen' when r.queue is not null then 'inferred' end as queue_basis,
    f.arguments,
    f.arguments_digest,
    f.idempotency_key,
    e.enqueued_at,
    -- A job that only snapshots show has waited since the first that did, or longer.
    coalesce(e.eligible_at, case when t.state = 'queued' then j.state_at end) as eligible_at,
    case when j.last_state in ('scheduled', 'retrying') then j.run_at end as run_at,
    r.first_started_at,
    case
        -- A success that is not the last word has no time.
        when t.state = 'succeeded' and coalesce(j.last_state <> 'succeeded', true) then null
        when t.state in ('succeeded', 'failed', 'discarded') or j.last_state = 'failed, retry not told'
            then coalesce(r.last_ended_at, j.state_at)
    end as finished_at,
    t.state,
    coalesce(j.basis, 'log') as state_basis,
    j.state_at,
    coalesce(r.attempts, 0) as attempts,
    coalesce(r.failures, 0) as failures,
    coalesce(r.successes, 0) as successes,
    coalesce(r.interruptions, 0) as interruptions,
    f.max_attempts,
    -- What a snapshot says of the last error counts where no run tells one.
    coalesce(r.last_error['class'], case when r.last_error is null then f.last_error['class'] end) as error_class,
    coalesce(r.last_error['message'], case when r.last_error is null then f.last_error['message'] end) as error_message,
    coalesce(
        r.last_error['fingerprint'], error_fingerprint_of(f.last_error['class'], f.last_error['message'])
    ) as error_fingerprint,
    coalesce(r.trace_id, f.trace_id) as trace_id,
    f.parent_job_id,
    f.adapter,
    case when j.waits_no_more and t.state = 'unknown' then j.last_state end as vanished_from,
    case when j.waits_no_more and t.state = 'unknown' then j.looked_at end as vanished_by,
    coalesce(n.identity, 'exact') as identity,
    least(f.first_seen_at, r.first_started_at) as first_seen_at,
    greatest(f.last_seen_at, r.last_seen_at) as last_seen_at
from judged as j
inner join stated as t on j.job_key = t.job_key
left join facts as f on j.job_key = f.job_key
left join runs_of_jobs as r on j.job_key = r.job_key
left join enqueued as e on j.job_key = e.job_key
left join nameless as n on j.job_key = n.job_key
order by j.job_key;
