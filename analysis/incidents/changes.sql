-- What changed in the installations, in order of time.
select
    scope,
    system,
    changed_at,
    kind,
    subject,
    detail
from changes
order by changed_at, scope, system, kind, subject, detail
