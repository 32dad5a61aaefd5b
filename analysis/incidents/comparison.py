"""The jobs of an incident beside others of the same classes, over every attribute that the inputs carry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import duckdb

from analysis.answer import columns, question
from analysis.as_of import naive
from analysis.finding import JobName
from analysis.incidents.differences import Counts, differences
from analysis.incidents.incident import Comparison, Incident

_MOST = 2000
"""Jobs of each side that are compared, at most."""
_FEWEST_BAD, _FEWEST_GOOD = 5, 20
"""Where there are fewer, nothing could be told."""


def comparison(
    db: duckdb.DuckDBPyConnection, incident: Incident, jobs: Sequence[JobName], hurt: Sequence[JobName]
) -> Comparison | None:
    """
    Compare an incident's jobs with others at work during it or, where these are few, at any time.

    ``hurt``: jobs that are never among the others. None where too few jobs are there to be compared.
    """
    given = columns(jobs, "scopes", "systems", "jobs") | columns(hurt, "hurt_scopes", "hurt_systems", "hurt_jobs")
    meanwhile = {
        "from_at": naive(incident.first_at) if incident.first_at else None,
        "to_at": naive(incident.last_at) if incident.last_at else None,
    }
    whens: tuple[Literal["meanwhile", "at any time"], ...] = ("meanwhile", "at any time")
    for when in whens:
        period = meanwhile if when == "meanwhile" else dict.fromkeys(meanwhile)
        compared = db.execute(question(__package__, "compared"), given | period | {"most": _MOST}).fetchall()
        bad = sum(is_bad for _, is_bad in compared)
        good = len(compared) - bad
        if bad < _FEWEST_BAD:
            return None
        if good >= _FEWEST_GOOD:
            values: dict[str, dict[str | None, Counts]] = defaultdict(dict)
            given = columns(compared, "job_keys", "bad")
            for name, value, *counts in db.execute(question(__package__, "attributes"), given).fetchall():
                if name not in incident.shared:
                    values[name][value] = (counts[0], counts[1])
            tried, found = differences(values, bad, good)
            return Comparison(bad=bad, good=good, when=when, tried=tried, differences=found)
    return None
