"""What CI systems and Prometheus read stays what they can read, whatever a log says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from analysis import check_json
from analysis.baseline import baseline_of, compare
from analysis.finding import SEVERITIES, Evidence, Investigation, Selection
from analysis.selection import only_new
from analysis.suppression import Suppression, suppress
from reports.check_formats import FORMATS
from reports.cli.check_text import text_of
from reports.fail_on import BARS, counts, fails
from tests.analysis.findings import HOSTILE, INVESTIGATIONS, NAMES, NOON, TEXT, finding, investigation

CONTRACT = Draft202012Validator(json.loads(check_json.schema_text()))
Metrics = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]
"""Name and labels of a sample to its value."""
COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::(.*)")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"')


def judged(found: Investigation, earlier: Investigation, reason: str) -> Investigation:
    """The findings with everything that can be said of them."""
    meant = [
        Suppression(number=1, rule=NAMES[1], reason=reason, until=date(2027, 1, 1)),
        Suppression(number=2, rule=NAMES[0], subject={"queue": "*b"}, reason=reason),
        Suppression(number=3, rule=NAMES[2], reason=reason, until=date(2020, 1, 1)),
    ]
    return compare(suppress(found, meant), baseline_of(earlier, NOON))


JUDGED = st.builds(judged, INVESTIGATIONS, INVESTIGATIONS, TEXT) | INVESTIGATIONS
HOSTILE_ONE = judged(
    investigation(
        finding(
            1,
            rule="lost",
            title=HOSTILE,
            subject={"queue": HOSTILE},
            jobs=(HOSTILE,),
            confidence_reason=HOSTILE,
            evidence=(Evidence(source=HOSTILE, line=1, at=None, text=HOSTILE),),
            next_steps=(HOSTILE,),
        ),
        finding(2, rule=NAMES[1], title=HOSTILE),
    ).model_copy(update={"selection": Selection(queue=HOSTILE, left_out=1)}),
    investigation(finding(3, title=HOSTILE)),
    HOSTILE,
)
NOTHING = investigation(as_of=None, checks=())
NO_SUCH_QUEUE = investigation().model_copy(update={"selection": Selection(queue=HOSTILE, no_data=HOSTILE)})


# JSON


@given(JUDGED)
def test_json_keeps_its_contract(found: Investigation) -> None:
    CONTRACT.validate(check_json.to_json(found, ()))


# JUnit


def suite(text: str) -> ET.Element:
    root = ET.fromstring(text.encode())  # noqa: S314 - our own output
    [found] = root
    assert (root.tag, found.tag) == ("testsuites", "testsuite")
    for name in ("tests", "failures", "errors", "skipped"):
        assert root.get(name) == found.get(name)
    return found


@given(JUDGED, st.sampled_from(BARS))
def test_junit_has_a_case_per_rule_that_fails_where_the_check_does(found: Investigation, fail_on: str) -> None:
    told = suite(FORMATS["junit"](found, (), fail_on))
    cases = {str(case.get("name")): case for case in told.iter("testcase")}
    assert list(cases) == [check.rule for check in found.checks]
    for check in found.checks:
        case, of_it = cases[check.rule], [each for each in found.findings if each.rule == check.rule]
        assert (case.find("failure") is not None) == any(counts(each, fail_on) for each in of_it)
        assert (case.find("skipped") is not None) == (check.status == "skipped")
        assert len([part for part in case if part.tag in {"failure", "skipped", "error"}]) <= 1
        for each in of_it:
            assert each.fingerprint in "".join(case.itertext())
    assert int(told.get("failures", "")) == len(told.findall("testcase/failure"))
    assert int(told.get("skipped", "")) == len(told.findall("testcase/skipped"))
    assert (told.get("failures") != "0") == fails(found, fail_on)


def test_junit_survives_what_a_log_says() -> None:
    text = FORMATS["junit"](HOSTILE_ONE, (), "low")
    told = suite(text)
    [failure] = told.iter("failure")
    assert "]]> </failure> &" in str(failure.text)
    assert "suppress 1, until 2027-01-01" in str(told.findtext("system-out"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ufffe\uffff]", text)


@pytest.mark.parametrize("found", [NOTHING, NO_SUCH_QUEUE])
def test_junit_says_that_there_is_no_data_as_an_error(found: Investigation) -> None:
    told = suite(FORMATS["junit"](found, (), "high"))
    assert (told.get("errors"), len(told.findall("testcase/error"))) == ("1", 1)


# GitHub


def commands(text: str) -> Iterator[tuple[str, str, str]]:
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        read = COMMAND.fullmatch(line)
        assert read, line
        level, title, message = read.groups()
        yield level, unescaped(title), unescaped(message)


def unescaped(text: str) -> str:
    assert not re.search(r"%(?!25|0A|0D|3A|2C)", text)
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(escape, character)
    return text


@given(JUDGED, st.sampled_from(BARS))
def test_github_gets_one_command_per_finding_and_an_error_where_it_fails(found: Investigation, fail_on: str) -> None:
    told = [*commands(FORMATS["github"](found, (), fail_on))]
    assert len(told) == len(found.findings) + len(found.stale_suppressions) + 1
    for (level, title, message), each in zip(told, found.findings, strict=False):
        assert (level == "error") == counts(each, fail_on)
        assert title == f"jobtrail: {each.rule}"
        assert message.startswith(f"{each.severity}: ")
    assert ("error" in {level for level, _, _ in told}) == fails(found, fail_on)


def test_github_takes_nothing_a_log_says_for_a_command() -> None:
    text = FORMATS["github"](HOSTILE_ONE, (), "low")
    assert [level for level, _, _ in commands(text)] == ["error", "warning", "warning", "notice"]
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    [_, _, message], *_ = commands(text)
    assert "::stop-commands::y" in message.splitlines()[0], "shown, within a line"


@pytest.mark.parametrize("found", [NOTHING, NO_SUCH_QUEUE])
def test_github_gets_an_error_where_there_is_no_data(found: Investigation) -> None:
    assert [level for level, _, _ in commands(FORMATS["github"](found, (), "none"))] == ["error"]


# Prometheus


def metrics(text: str) -> Metrics:
    """Samples of the text format 0.0.4; each of a gauge that was described before it, and told once."""
    read: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    described, current = set(), ""
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in described
            described.add(current)
        elif line.startswith("# "):
            assert line == f"# TYPE {current} gauge"
        else:
            sample = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (-?[0-9.e+]+)", line)
            assert sample, line
            assert sample[1] == current
            labels = tuple(LABEL.findall(sample[2] or ""))
            assert ",".join(f'{name}="{value}"' for name, value in labels) == (sample[2] or "")
            assert (current, labels) not in read
            read[current, labels] = float(sample[3])
    return read


@given(JUDGED)
def test_prometheus_gets_every_number_of_findings_zeros_too(found: Investigation) -> None:
    told = metrics(FORMATS["prometheus"](found, (), "high"))
    asked = [check.rule for check in found.checks if check.status != "skipped"]
    for rule in asked:
        for severity in SEVERITIES:
            many = [each for each in found.findings if (each.rule, each.severity) == (rule, severity)]
            labels = (("rule", rule), ("severity", severity))
            assert told["jobtrail_findings", labels] == len(many)
            new = sum(each.status in {"new", "worse"} for each in many)
            assert told.get(("jobtrail_findings_new", labels)) == (new if found.baseline else None)
    of_findings = [value for (name, _), value in told.items() if name == "jobtrail_findings"]
    assert (len(of_findings), sum(of_findings)) == (5 * len(asked), len(found.findings))
    assert told["jobtrail_as_of_timestamp_seconds", ()] == NOON.timestamp()
    for check in found.checks:
        assert told["jobtrail_rule_asked", (("rule", check.rule),)] == (check.status != "skipped")


def test_prometheus_is_told_that_there_is_nothing_by_the_want_of_a_time() -> None:
    told = metrics(FORMATS["prometheus"](NOTHING, (), "high"))
    assert told["jobtrail_inputs", ()] == 0
    assert not [name for name, _ in told if name in {"jobtrail_findings", "jobtrail_as_of_timestamp_seconds"}]


# Text


@given(JUDGED)
def test_text_tells_every_finding_suppression_and_what_is_gone(found: Investigation) -> None:
    text = text_of(found, ())
    told = [line for line in text.splitlines() if re.match(r"(INFO|LOW|MEDIUM|HIGH|CRITICAL)  ", line)]
    assert len(told) >= len(found.findings)
    assert ("Suppressed\n" in text) == bool(found.suppressed)
    assert ("To look at in jobtrail.toml\n" in text) == bool(found.stale_suppressions)
    gone = bool(found.baseline and found.baseline.gone)
    assert (", and no longer found\n" in text) == gone


@pytest.mark.parametrize("found", [HOSTILE_ONE, NO_SUCH_QUEUE, only_new(HOSTILE_ONE)])
def test_text_reaches_the_terminal_without_control_characters(found: Investigation) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text_of(found, ()))
