-- Jobs, those that ever failed, and those whose last run failed without a word on what came then.
select
    count(*) as judged,
    count(*) filter (where failures > 0) as failed_once,
    count(*) filter (where failures > 0 and state = 'unknown') as untold
from jobs
