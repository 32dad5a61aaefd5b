-- Job ids that hold a text, or differ from it by a slip or two.
with ids as (
    select distinct
        id,
        case
            when lower(id) = lower($id) then 0
            when length($id) >= 4 and starts_with(lower(id), lower($id)) then 1
            when length($id) >= 6 and contains(lower(id), lower($id)) then 2
            when length($id) >= 6 and abs(length(id) - length($id)) <= 2 and levenshtein(lower(id), lower($id)) <= 2 then 3
        end as likeness
    from job_ids
    where kind in ('job_id', 'provider_job_id')
)

select id
from ids
where likeness is not null
order by likeness, id
limit 5
