-- Worker processes whose log would tell of their end, those that shut down, and those that nothing tells of.
select
    count(*) filter (where log_tells_ends) as judged,
    count(*) filter (where log_tells_ends and state = 'stopped') as stopped,
    count(*) filter (where not log_tells_ends) as silent_ends
from workers
