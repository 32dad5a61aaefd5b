"""What a report says of an incident, in words."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.incidents import Change, Comparison, Difference, Incident
from reports.incidents import cost, facts, nearest_change, standing_out
from tests.ingest.evidence import NOON

NOTHING: dict[str, Any] = {
    "fingerprint": "f",
    "title": "It broke",
    "severity": "high",
    "findings": ("a",),
    "shared": {},
    "first_at": None,
    "last_at": None,
    **dict.fromkeys(("jobs", "jobs_hurt", "unresolved", "wasted_runs"), 0),
    **dict.fromkeys(("wasted_seconds", "waited_seconds"), 0.0),
    "comparison": None,
    "change": None,
}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "No job is named."),
        ({"jobs": 1}, "1 job."),
        ({"jobs": 1200, "jobs_hurt": 1100}, "1,200 jobs, 1,100 hurt."),
        ({"jobs": 2, "jobs_hurt": 2, "unresolved": 1}, "2 jobs, 2 hurt, 1 of them still open at the end."),
        ({"jobs": 2, "wasted_runs": 3, "wasted_seconds": 61.0}, "2 jobs; 3 runs wasted, 1 min 1 s of work."),
        ({"jobs": 2, "wasted_runs": 1}, "2 jobs; 1 run wasted."),
        (
            {"jobs": 2, "waited_seconds": 90.0},
            "2 jobs; 1 min 30 s of waiting beyond what is usual, all jobs together.",
        ),
        ({"jobs": 2, "waited_seconds": 0.9}, "2 jobs."),
    ],
)
def test_the_cost_is_told_as_far_as_there_is_any(values: dict[str, Any], says: str) -> None:
    assert cost(Incident(**NOTHING | values)) == says


def test_what_stands_out_is_told_with_the_numbers_of_both_sides() -> None:
    host = Difference(name="host", value="b", bad=40, good=2, q=0.001)
    region = Difference(name="region", value="eu", bad=30, good=5, q=0.01)
    told = standing_out(Comparison(bad=40, good=1300, when="meanwhile", tried=57, differences=(host, region)))
    assert told == (
        "Associated with it, beside 1,300 other jobs of the same classes meanwhile: host b (40 of 40 jobs here, "
        "2 of 1,300 there); region eu (30 of 40 jobs here, 5 of 1,300 there). 57 values compared."
    )


def test_where_nothing_stands_out_it_says_how_much_was_compared() -> None:
    told = standing_out(Comparison(bad=40, good=21, when="at any time", tried=1, differences=()))
    assert told == "Beside 21 other jobs of the same classes at any time nothing stands out; 1 value compared."


@pytest.mark.parametrize(("before", "when"), [(90.0, "1 min 30 s before"), (-5.0, "5 s after"), (0.0, "0 ms before")])
def test_a_change_is_told_by_how_long_before_or_after_the_beginning_it_came(before: float, when: str) -> None:
    change = Change(at=NOON.astimezone(), kind="version", subject="2", detail="version 2 was first seen", before=before)
    assert nearest_change(change).endswith(f", {when} it began.")


def test_what_is_shared_is_told_of_several_findings_only() -> None:
    shared = {"shared": {"queue": "payments", "error_class": "Timeout"}}
    assert next(facts(Incident(**NOTHING | shared | {"findings": ("a", "b")}))) == (
        "All of it: queue payments and error Timeout."
    )
    assert list(facts(Incident(**NOTHING | shared))) == ["No job is named."]
