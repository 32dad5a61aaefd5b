-- Inputs that lack something: lines of a log, the logs of a machine, snapshots of a rhythm.
with told as (
    select
        *,
        no_starts + no_ends + no_runs + no_heartbeats + no_jobs as lacks
    from log_gaps
)

select
    cast(null as varchar) as job_key,
    cast(null as varchar) as job_id,
    cast(null as integer) as attempt,
    scope,
    system,
    log,
    case when kind = 'machine' then null else host end as host,
    case kind
        when 'machine' then 'logs of workers'
        when 'snapshots' then 'snapshots'
        when 'silence' then 'lines, perhaps'
        else 'lines'
    end as missing,
    kind,
    host as machine,
    from_at as first_at,
    to_at as last_at,
    date_diff('microsecond', from_at, to_at) / 1e6 as lasted,
    usual_gap,
    coalesce(on_rhythm >= $rhythm_share, false) as is_rhythm,
    records,
    no_starts,
    no_jobs,
    no_snapshots,
    lacks,
    source_id,
    line_no,
    next_source_id,
    next_line_no
from told
where
    (kind = 'stretch' and lacks >= $min_in_stretch)
    -- Single heartbeats may be late; a run cannot end that did not start.
    or (kind = 'lines' and lacks >= $min_lines and (no_starts > 0 or no_heartbeats >= $min_lines))
    or kind in ('machine', 'snapshots', 'silence')
order by from_at, log, host, kind, machine, job_key
