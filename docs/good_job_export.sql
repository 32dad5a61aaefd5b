-- GoodJob's tables as one JSON document, for jobtrail: what is not finished, what was given up and what has finished
-- within a day. PostgreSQL; it only reads, in one statement and so at one moment.
select json_build_object(
    'system', 'good_job',
    'taken_at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'good_jobs', (
        select coalesce(json_agg(j), '[]'::json)
        from (
            select * from good_jobs
            where
                finished_at is null
                or error is not null
                or finished_at > (now() at time zone 'UTC') - interval '1 day'
            order by created_at, id
        ) as j
    ),
    'good_job_processes', (select coalesce(json_agg(p), '[]'::json) from good_job_processes as p)
);
