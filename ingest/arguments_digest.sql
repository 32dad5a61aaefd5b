-- One row per row of work, in its order. Two ways of writing the same JSON value have one normal form.
with
normal as (
    select
        coalesce(job_class, '') as job_class,
        coalesce(json_normalize(try_cast(arguments as json))::varchar, arguments) as arguments
    from work
)

select case when arguments <> 'null' then sha256(job_class || chr(10) || arguments)[1:32] end as digest
from normal
