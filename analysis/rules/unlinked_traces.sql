-- Classes of which some runs have a span and some none, or some of these a span of the enqueue and some none.
select
    cast(null as varchar) as job_key,
    cast(null as varchar) as job_id,
    cast(null as integer) as attempt,
    scope,
    system,
    part,
    job_class,
    told,
    with_span,
    from_at as first_at,
    to_at as last_at
from span_shares
where
    told >= $min_told
    and with_span > 0
    and told - with_span > $max_without * told
order by told desc, job_class asc, part asc, job_key asc
