"""Baselines: what is kept, what comes back, and how later findings are held against it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.baseline import BaselineError, baseline_of, compare, from_text, to_text
from analysis.finding import SEVERITIES, BaselineEntry, Investigation
from tests.analysis.findings import HOSTILE, INVESTIGATIONS, NOON, finding, investigation

# The file


@given(INVESTIGATIONS)
def test_what_is_written_comes_back(found: Investigation) -> None:
    baseline = baseline_of(found, NOON)
    text = to_text(baseline)
    assert from_text(text) == baseline
    assert text.isascii()
    assert to_text(from_text(text)) == text


@given(INVESTIGATIONS)
def test_the_order_of_findings_changes_nothing(found: Investigation) -> None:
    turned = found.model_copy(update={"findings": found.findings[::-1]})
    assert to_text(baseline_of(turned, NOON)) == to_text(baseline_of(found, NOON))


def test_a_finding_more_adds_its_lines_and_changes_no_other() -> None:
    one = to_text(baseline_of(investigation(finding(1), finding(3)), NOON)).splitlines()
    two = to_text(baseline_of(investigation(finding(1), finding(2), finding(3)), NOON)).splitlines()
    added = [line for line in two if line not in one]
    assert len(two) - len(one) == 12
    assert any("Job2" in line for line in added)
    assert [line for line in one if line not in two] == []


def told(**changes: Any) -> str:
    usual = json.loads(to_text(baseline_of(investigation(finding(1), finding(2)), NOON)))
    return json.dumps(usual | changes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is no valid JSON"),
        ("[" * 100_000, "it is no valid JSON"),
        ("1" * 5000, "it is no valid JSON"),
        ("<<<<<<< HEAD", "it is no valid JSON"),
        ("[]", "it is no baseline of jobtrail's"),
        ("null", "it is no baseline of jobtrail's"),
        ('{"schema_version": 1, "findings": []}', "it is no baseline of jobtrail's"),
        (told(schema_version=2), "a newer jobtrail wrote it (version 2; this one reads 1)"),
        (told(schema_version="1"), "its schema_version is not 1"),
        (told(schema_version=True), "its schema_version is not 1"),
        (told(schema_version=0), "its schema_version is not 1"),
        (told(as_of="yesterday"), "as_of: "),
        (told(as_of="2026-01-05T12:00:00"), "as_of: "),
        (told(findings={}), "findings: "),
        (told(findings=[{"rule": "hung"}]), "findings.0.fingerprint: "),
        (told(colour="red"), "colour: "),
        (told(findings=json.loads(told())["findings"] * 2), "the fingerprint 0000000000000001 stands in it 2 times"),
    ],
)
def test_what_is_no_baseline_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(BaselineError) as refused:
        from_text(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_other_text_is_refused_and_nothing_worse_happens(text: str) -> None:
    with pytest.raises(BaselineError):
        from_text(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=5), each, max_size=2),
    max_leaves=3,
)


@given(
    INVESTIGATIONS,
    st.sampled_from(["as_of", "findings", "schema_version", *BaselineEntry.model_fields]),
    JSON,
)
def test_a_baseline_with_any_value_in_the_wrong_place_is_read_or_refused(
    found: Investigation, key: str, value: Any
) -> None:
    changed = json.loads(to_text(baseline_of(found, NOON)))
    for place in [changed] if key in changed else changed["findings"][:1]:
        place[key] = value
    try:
        baseline = from_text(json.dumps(changed))
    except BaselineError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either will do
    else:
        assert from_text(to_text(baseline)) == baseline


# Holding findings against it


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (("high", 1), ("high", 1), "known"),
        (("high", 9), ("high", 1), "known"),
        (("high", 1), ("low", 1), "known"),
        (("medium", 9), ("high", 1), "worse"),
        (("high", 5), ("high", 14), "known"),
        (("high", 5), ("high", 15), "worse"),
        (("high", 1), ("high", 10), "known"),
        (("high", 1), ("high", 11), "worse"),
        (("high", 100), ("high", 199), "known"),
        (("high", 100), ("high", 200), "worse"),
        (("info", 0), ("info", 10), "worse"),
    ],
)
def test_a_known_complaint_is_worse_if_more_severe_or_of_twice_and_ten_more_jobs(
    before: tuple[str, int], after: tuple[str, int], status: str
) -> None:
    kept, found = (finding(1, severity=severity, job_count=jobs) for severity, jobs in (before, after))
    held = compare(investigation(found), baseline_of(investigation(kept), NOON))
    assert [each.status for each in held.findings] == [status]
    assert [(each.before.severity, each.before.job_count) for each in held.findings if each.before] == [before]


@given(INVESTIGATIONS)
def test_held_against_itself_all_is_known_and_nothing_gone(found: Investigation) -> None:
    held = compare(found, baseline_of(found, NOON))
    assert {each.status for each in held.findings} <= {"known"}
    assert held.baseline is not None
    assert (held.baseline.gone, held.baseline.not_asked) == ((), 0)


@given(INVESTIGATIONS, INVESTIGATIONS)
def test_every_finding_and_every_entry_is_told_once(earlier: Investigation, later: Investigation) -> None:
    baseline = baseline_of(earlier, NOON - timedelta(days=1))
    held = compare(later, baseline)
    comparison = held.baseline
    assert comparison is not None
    assert comparison.new + comparison.known + comparison.worse == len(held.findings) == len(later.findings)
    assert comparison.known + comparison.worse + len(comparison.gone) + comparison.not_asked == len(baseline.findings)
    for each in held.findings:
        assert (each.before is None) == (each.status == "new")
        if each.before and SEVERITIES.index(each.severity) > SEVERITIES.index(each.before.severity):
            assert each.status == "worse"


def test_what_is_no_longer_found_is_told_if_its_rule_was_asked() -> None:
    kept = [finding(1, rule="hung"), finding(2, rule="lost"), finding(3, rule="a-rule-of-old")]
    held = compare(investigation(skipped=("lost",)), baseline_of(investigation(*kept), NOON))
    assert held.baseline is not None
    assert [each.rule for each in held.baseline.gone] == ["hung"]
    assert held.baseline.not_asked == 2


def test_an_entry_keeps_what_a_log_says_as_it_is() -> None:
    kept = baseline_of(investigation(finding(1, title=HOSTILE, subject={"queue": HOSTILE})), NOON)
    [entry] = from_text(to_text(kept)).findings
    assert entry == BaselineEntry(
        fingerprint=f"{1:016x}", rule="hung", severity="high", job_count=1, title=HOSTILE, subject={"queue": HOSTILE}
    )
