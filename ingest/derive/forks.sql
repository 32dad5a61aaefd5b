-- Which worker a forked child belongs to, and from where on: it may write before its parent says that it forked, but not
-- before the parent took the job. A pid that boots as a worker is nobody's child any more.
insert into forks by name
with signs as (
    select
        log_name,
        event,
        pid,
        child_pid,
        place,
        max(place) filter (event = 'started') over (partition by log_name, pid order by place) as took_at
    from placed_lines
    where pid is not null
)

select
    log_name,
    child_pid as pid,
    pid as worker_pid,
    coalesce(took_at, place) as from_place
from signs
where event = 'forked' and child_pid is not null
union all
select
    log_name,
    pid,
    null,
    place
from signs
where event = 'booted'
order by log_name, pid, from_place;
