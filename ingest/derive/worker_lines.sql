-- The same lines, each with the worker that wrote it itself or through a child.
insert into worker_lines by name
select
    l.*, -- noqa: AM04
    coalesce(f.worker_pid, l.pid) as worker_pid
from placed_lines as l
asof left join forks as f on l.log_name = f.log_name and l.pid = f.pid and l.place >= f.from_place
order by l.log_name, l.place;
