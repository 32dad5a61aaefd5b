-- Pairs of machines of which one's clock is behind the other's, and a lone time after all others.
select
    cast(null as varchar) as job_key,
    cast(null as varchar) as job_id,
    cast(null as integer) as attempt,
    scope,
    system,
    case when basis = 'future' then 'a time after all others' else 'causes and effects' end as known_by,
    cause_clock,
    effect_clock,
    pairs,
    behind,
    from_at as first_at,
    to_at as last_at,
    source_id,
    line_no,
    next_source_id,
    next_line_no
from host_clocks
where behind > extract(epoch from $min_skew)
order by behind desc, cause_clock asc, effect_clock asc, basis asc, job_key asc
