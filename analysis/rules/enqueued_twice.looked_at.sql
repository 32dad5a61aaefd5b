-- Jobs, and those whose arguments or keys can be compared.
select
    count(*) as jobs,
    count(*) filter (
        where idempotency_key is not null
        or (arguments_digest is not null and cast(arguments as varchar) not in ('[]', '{}', 'null'))
    ) as judged
from jobs
