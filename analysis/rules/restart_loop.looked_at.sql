-- Worker processes whose boot some input shows.
select
    count(*) as judged,
    count(distinct scope || '/' || system || '/' || coalesce(host, log)) as machines
from workers
where booted_at is not null and (host is not null or log is not null)
