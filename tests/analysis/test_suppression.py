"""Suppressions: which findings they set aside, until when, and which of them have become useless."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.baseline import baseline_of, compare
from analysis.finding import Investigation
from analysis.suppression import Suppression, suppress
from analysis.wildcard import fits
from tests.analysis.findings import INVESTIGATIONS, NAMES, NOON, TEXT, finding, investigation


def suppression(number: int = 1, **values: Any) -> Suppression:
    return Suppression(**{"number": number, "reason": "known", **values})


def set_aside(found: Investigation, *suppressions: Suppression) -> list[str]:
    return [each.finding.fingerprint[-1] for each in suppress(found, suppressions).suppressed]


# Which findings


@pytest.mark.parametrize(
    ("meant", "numbers"),
    [
        ({"rule": "hung"}, ["1", "2"]),
        ({"rule": "lost"}, ["3"]),
        ({"fingerprint": f"{2:016x}"}, ["2"]),
        ({"rule": "lost", "fingerprint": f"{2:016x}"}, []),
        ({"rule": "hung", "subject": {"job_class": "Job1"}}, ["1"]),
        ({"rule": "hung", "subject": {"job_class": "Job"}}, []),
        ({"rule": "hung", "subject": {"job_class": "Job*"}}, ["1", "2"]),
        ({"rule": "hung", "subject": {"job_class": "*2", "queue": "*"}}, ["2"]),
        ({"rule": "hung", "subject": {"job_class": "*2", "queue": "mailers"}}, []),
        ({"rule": "hung", "subject": {"scope": ""}}, ["1", "2"]),
        ({"rule": "hung", "subject": {"scope": "*"}}, ["1", "2"]),
        ({"rule": "hung", "subject": {"scope": "?*"}}, []),
    ],
)
def test_a_finding_must_fit_all_that_is_given(meant: dict[str, Any], numbers: list[str]) -> None:
    found = investigation(finding(1), finding(2), finding(3, rule="lost"))
    assert set_aside(found, suppression(**meant)) == numbers


@given(TEXT, TEXT, TEXT)
def test_a_name_fits_itself_and_a_star_in_the_place_of_any_part(before: str, part: str, after: str) -> None:
    name = before + part + after
    assert fits(f"{before}*{after}", name)
    assert fits("*", name)
    assert fits(name, name)


@given(TEXT.filter(lambda text: "*" not in text), TEXT)
def test_without_a_star_nothing_else_fits(pattern: str, name: str) -> None:
    assert fits(pattern, name) == (pattern == name)


@st.composite
def suppressions(draw: st.DrawFn) -> list[Suppression]:
    many = draw(st.integers(0, 4))
    return [
        suppression(
            number,
            rule=draw(st.none() | st.sampled_from(NAMES[:4])),
            subject=draw(st.dictionaries(st.sampled_from(["job_class", "queue"]), TEXT | st.just("*"), max_size=2)),
            until=draw(st.none() | st.dates() | st.datetimes(timezones=st.just(UTC))),
        )
        for number in range(1, many + 1)
    ]


@given(INVESTIGATIONS, suppressions())
def test_no_finding_is_lost_and_each_is_told_once(found: Investigation, given_: list[Suppression]) -> None:
    after = suppress(found, given_)
    aside = [each.finding for each in after.suppressed]
    assert sorted(each.fingerprint for each in (*after.findings, *aside)) == sorted(
        each.fingerprint for each in found.findings
    )
    valid = [each for each in given_ if not each.ended(NOON)]
    assert not any(each.fits(finding) for each in valid for finding in after.findings)
    assert [each for each in found.findings if each in after.findings] == [*after.findings]
    for each in after.suppressed:
        first = next(one for one in valid if one.fits(each.finding))
        assert (each.number, each.reason, each.until) == (first.number, first.reason, first.until)


@given(INVESTIGATIONS, suppressions())
def test_a_suppression_is_expired_unused_or_in_use(found: Investigation, given_: list[Suppression]) -> None:
    stale = {each.number: each.status for each in suppress(found, given_).stale_suppressions}
    for each in given_:
        if each.ended(NOON):
            assert stale[each.number] == "expired"
        elif any(each.fits(finding) for finding in found.findings):
            assert each.number not in stale
        else:
            assert stale.get(each.number, "unused") == "unused"


# Until when


@pytest.mark.parametrize(
    ("until", "holds_until"),
    [
        (date(2026, 1, 5), datetime(2026, 1, 6, tzinfo=UTC)),
        (datetime(2026, 1, 5, 12, tzinfo=UTC), datetime(2026, 1, 5, 12, tzinfo=UTC)),
        (datetime(2026, 1, 5, 12, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 1, 5, 10, tzinfo=UTC)),
    ],
)
def test_it_holds_to_the_end_of_its_day_or_to_its_moment(until: date, holds_until: datetime) -> None:
    each = suppression(rule="hung", until=until)
    assert not each.ended(holds_until - timedelta(microseconds=1))
    assert each.ended(holds_until)


@pytest.mark.parametrize("until", [None, date.max])
def test_one_without_an_end_holds_for_good(until: date | None) -> None:
    assert not suppression(rule="hung", until=until).ended(datetime.max.replace(tzinfo=UTC))


def test_whether_it_is_over_is_judged_at_the_moment_asked_about() -> None:
    until = date(2026, 1, 5)
    for as_of, numbers in ((NOON, ["1"]), (NOON + timedelta(days=1), [])):
        found = investigation(finding(1), as_of=as_of)
        assert set_aside(found, suppression(rule="hung", until=until)) == numbers


# What has become of it


def test_an_expired_one_is_told_and_sets_nothing_aside() -> None:
    after = suppress(investigation(finding(1)), [suppression(rule="hung", until=date(2025, 1, 1))])
    assert [each.status for each in after.stale_suppressions] == ["expired"]
    assert len(after.findings) == 1


@pytest.mark.parametrize(
    ("meant", "skipped", "told"),
    [
        ({"rule": "lost"}, (), ["unused"]),
        ({"rule": "lost"}, ("lost",), []),
        ({"rule": "hung", "subject": {"queue": "other"}}, (), ["unused"]),
        ({"fingerprint": "f" * 16}, (), ["unused"]),
    ],
)
def test_an_unused_one_is_told_if_its_rule_was_asked(
    meant: dict[str, Any], skipped: tuple[str, ...], told: list[str]
) -> None:
    after = suppress(investigation(finding(1), skipped=skipped), [suppression(**meant)])
    assert [each.status for each in after.stale_suppressions] == told


def test_a_fingerprint_is_not_called_unused_where_only_some_rules_were_asked() -> None:
    found = investigation()
    some = found.model_copy(update={"checks": found.checks[:3]})
    assert suppress(some, [suppression(fingerprint="f" * 16)]).stale_suppressions == ()


def test_one_that_only_fits_what_another_has_set_aside_is_in_use() -> None:
    both = [suppression(1, rule="hung"), suppression(2, rule="hung", subject={"job_class": "Job1"})]
    after = suppress(investigation(finding(1)), both)
    assert [each.number for each in after.suppressed] == [1]
    assert after.stale_suppressions == ()


def test_without_evidence_nothing_is_judged() -> None:
    nothing = investigation(as_of=None, checks=())
    assert suppress(nothing, [suppression(rule="hung", until=date(2000, 1, 1))]) == nothing


# With a baseline


def test_a_suppressed_finding_is_neither_kept_nor_called_gone() -> None:
    found = investigation(finding(1), finding(2))
    baseline = baseline_of(found, NOON)
    aside = suppress(found, [suppression(rule="hung", subject={"job_class": "Job1"})])
    held = compare(aside, baseline)
    assert held.baseline is not None
    assert (held.baseline.gone, held.baseline.known) == ((), 1)
    assert [each.title for each in baseline_of(aside, NOON).findings] == ["1 run of Job2 hangs"]
