-- Solid Queue's tables as one JSON document, for jobtrail: what is not finished and what has finished within a day.
-- PostgreSQL; it only reads, in one statement and so at one moment.
select json_build_object(
    'system', 'solid_queue',
    'taken_at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'solid_queue_jobs', (
        select coalesce(json_agg(j), '[]'::json)
        from (
            select * from solid_queue_jobs
            where finished_at is null or finished_at > (now() at time zone 'UTC') - interval '1 day'
            order by id
        ) as j
    ),
    'solid_queue_ready_executions', (select coalesce(json_agg(t), '[]'::json) from solid_queue_ready_executions as t),
    'solid_queue_scheduled_executions', (select coalesce(json_agg(t), '[]'::json) from solid_queue_scheduled_executions as t),
    'solid_queue_claimed_executions', (select coalesce(json_agg(t), '[]'::json) from solid_queue_claimed_executions as t),
    'solid_queue_blocked_executions', (select coalesce(json_agg(t), '[]'::json) from solid_queue_blocked_executions as t),
    'solid_queue_failed_executions', (select coalesce(json_agg(t), '[]'::json) from solid_queue_failed_executions as t),
    'solid_queue_semaphores', (select coalesce(json_agg(t), '[]'::json) from solid_queue_semaphores as t),
    'solid_queue_processes', (select coalesce(json_agg(t), '[]'::json) from solid_queue_processes as t),
    'solid_queue_pauses', (select coalesce(json_agg(t), '[]'::json) from solid_queue_pauses as t)
);
