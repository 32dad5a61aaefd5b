-- Solid Queue's tables as one JSON document, for jobtrail: what is not finished and what has finished within a day.
-- SQLite from 3.38; it only reads, in one statement and so at one moment.
select json_object(
    'system', 'solid_queue',
    'taken_at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
    'solid_queue_jobs', json((
        select json_group_array(json_object(
            'id', id, 'queue_name', queue_name, 'class_name', class_name, 'arguments', arguments,
            'priority', priority, 'active_job_id', active_job_id, 'scheduled_at', scheduled_at,
            'finished_at', finished_at, 'concurrency_key', concurrency_key, 'created_at', created_at,
            'updated_at', updated_at
        ))
        from solid_queue_jobs
        where finished_at is null or finished_at > datetime('now', '-1 day')
    )),
    'solid_queue_ready_executions', json((
        select json_group_array(json_object(
            'id', id, 'job_id', job_id, 'queue_name', queue_name, 'priority', priority, 'created_at', created_at
        ))
        from solid_queue_ready_executions
    )),
    'solid_queue_scheduled_executions', json((
        select json_group_array(json_object(
            'id', id, 'job_id', job_id, 'queue_name', queue_name, 'priority', priority,
            'scheduled_at', scheduled_at, 'created_at', created_at
        ))
        from solid_queue_scheduled_executions
    )),
    'solid_queue_claimed_executions', json((
        select json_group_array(json_object(
            'id', id, 'job_id', job_id, 'process_id', process_id, 'created_at', created_at
        ))
        from solid_queue_claimed_executions
    )),
    'solid_queue_blocked_executions', json((
        select json_group_array(json_object(
            'id', id, 'job_id', job_id, 'queue_name', queue_name, 'priority', priority,
            'concurrency_key', concurrency_key, 'expires_at', expires_at, 'created_at', created_at
        ))
        from solid_queue_blocked_executions
    )),
    'solid_queue_failed_executions', json((
        select json_group_array(json_object(
            'id', id, 'job_id', job_id, 'error', error, 'created_at', created_at
        ))
        from solid_queue_failed_executions
    )),
    'solid_queue_semaphores', json((
        select json_group_array(json_object(
            'id', id, 'key', key, 'value', value, 'expires_at', expires_at, 'created_at', created_at
        ))
        from solid_queue_semaphores
    )),
    'solid_queue_processes', json((
        select json_group_array(json_object(
            'id', id, 'kind', kind, 'last_heartbeat_at', last_heartbeat_at, 'supervisor_id', supervisor_id,
            'pid', pid, 'hostname', hostname, 'metadata', metadata, 'name', name, 'created_at', created_at
        ))
        from solid_queue_processes
    )),
    'solid_queue_pauses', json((
        select json_group_array(json_object(
            'id', id, 'queue_name', queue_name, 'created_at', created_at
        ))
        from solid_queue_pauses
    ))
);
