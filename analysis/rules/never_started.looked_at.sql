-- Jobs, those still waiting for their first run, and how long the oldest of these does.
select
    count(*) as judged,
    count(*) filter (where state = 'queued' and attempts = 0) as waiting,
    max(date_diff('microsecond', eligible_at, $as_of) / 1e6) filter (where state = 'queued' and attempts = 0) as oldest
from jobs
