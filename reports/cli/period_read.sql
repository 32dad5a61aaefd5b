-- How many inputs were read, and which period they cover.
select
    count(*) as inputs,
    min(first_at) as first_at,
    max(last_at) as last_at
from sources
