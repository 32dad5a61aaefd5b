"""The incident report says in every format what was found, and what logs say stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import get_args

import pytest

from analysis.finding import Check, Coverage, Evidence, Finding, Investigation
from analysis.impact import ClassImpact, Impact
from analysis.incidents import Change, Comparison, Difference, Incident
from analysis.moments import Kind, Moment, Moments
from analysis.series import Bucket, QueuePoint, QueueSeries, Timeline
from reports.incident import IncidentReport, incident
from reports.render import RENDERERS
from reports.wording import axis, lasting, period, sparkline, visible
from reports.wording import value as wording_of
from tests.analysis.tables import empty_database

HOSTILE = (
    "<script>alert(1)</script>",
    "</style><style>body{display:none}</style>",
    "</title></pre><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "'><svg onload=alert(1)>",
    "``` \n~~~\n<b>x</b>",
    "a | b | c",
    "one\n\n# two\n- three\r\n<hr>",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "user\u202etxt.exe\u2028\x00\x08",
    "{{ 7 * 7 }}{% raw %}",
    "[click](javascript:alert(1)) ![x](http://example.org/x.png) <!-- --> &lt;",
)
NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)
NOTHING = Impact(
    **dict.fromkeys(("jobs", "runs", "failed_runs", "wasted_runs", "wasted_seconds", "jobs_hurt"), 0),
    fates={},
    longest_wait=None,
    last_failure_at=None,
    by_class=(),
    sql="",
)
NO_MOMENTS = Moments(listed=(), sql=())
NO_TIME = Timeline(first_at=None, last_at=None, step=0, buckets=(), marks=())
A_SECOND = Timeline(
    first_at=NOON,
    last_at=NOON + timedelta(seconds=1),
    step=1,
    buckets=(Bucket(starts=1, failures=1, retries=0), Bucket(starts=0, failures=0, retries=0)),
    marks=(),
)


def impact_that_says(value: str) -> Impact:
    return NOTHING.model_copy(
        update={
            "jobs_hurt": 1,
            "fates": {value: 1},
            "sql": value,
            "by_class": (
                ClassImpact(
                    **dict.fromkeys(("scope", "system", "job_class", "queue"), value),
                    **dict.fromkeys(("jobs", "jobs_hurt", "unresolved", "runs", "failed_runs", "wasted_runs"), 1),
                    wasted_seconds=1,
                ),
            ),
        }
    )


def moments_that_say(value: str) -> Moments:
    return Moments(
        listed=tuple(
            Moment(at=NOON, kind=kind, job_class=value, queue=value, worker=value, error=value, number=1)
            for kind in get_args(Kind)
        ),
        sql=(value,),
    )


def incident_that_says(value: str, findings: Sequence[str]) -> Incident:
    difference = Difference(name=value, value=value, bad=5, good=1, q=0.01)
    return Incident(
        fingerprint=value,
        title=value,
        severity="high",
        findings=tuple(findings),
        shared={value: value},
        first_at=NOON,
        last_at=None,
        **dict.fromkeys(("jobs", "jobs_hurt", "unresolved", "wasted_runs"), 1),
        **dict.fromkeys(("wasted_seconds", "waited_seconds"), 1.0),
        comparison=Comparison(bad=5, good=20, when="meanwhile", tried=1, differences=(difference,)),
        change=Change(at=NOON, kind="version", subject=value, detail=value, before=1),
    )


@pytest.fixture
def captured(three_minutes: IncidentReport) -> IncidentReport:
    return three_minutes


def report_that_says(value: str) -> IncidentReport:
    finding = Finding(
        rule=value,
        fingerprint=value,
        severity="high",
        confidence="low",
        confidence_reason=value,
        title=value,
        subject={value: value},
        jobs=(value,),
        job_count=1,
        first_at=None,
        last_at=None,
        metrics={value: value},
        threshold={value: value},
        evidence=(Evidence(source=value, line=1, at=None, text=value),) * 6,
        sql=value,
        next_steps=(value,),
    )
    checks = (
        Check(rule=value, status="skipped", reason=value),
        Check(rule=value, status="clean", reason=value),
    )
    coverage = Coverage(
        source=value,
        format=value,
        kind=value,
        system=value,
        shows=(value,),
        from_at=None,
        to_at=None,
        records=0,
        rejects=1,
        pending_bytes=1,
        longest_gap=None,
    )
    findings = tuple(finding.model_copy(update={"fingerprint": f"{value}{number}"}) for number in range(3))
    investigation = Investigation(as_of=NOON, first_at=NOON, inputs=(coverage,), checks=checks, findings=findings)
    queue = QueueSeries(
        **dict.fromkeys(("queue", "system", "scope"), value),
        first_at=NOON,
        last_at=NOON,
        step=60,
        points=(QueuePoint(at=NOON, depth=1, wait=1.0),),
    )
    incidents = tuple(
        incident_that_says(value, [each.fingerprint for each in of]) for of in (findings[:2], findings[2:])
    )
    return incident(
        investigation, incidents, impact_that_says(value), moments_that_say(value), A_SECOND, (queue,), title=value
    )


class Skeleton(HTMLParser):
    """A page's elements and attributes without its words, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.words = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(("/" + tag, ()))

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", ((data, None),)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_becomes_an_element_or_an_attribute_of_the_page(value: str) -> None:
    page = Skeleton(RENDERERS[".html"](report_that_says(value)))
    assert page.elements == Skeleton(RENDERERS[".html"](report_that_says("harmless"))).elements
    assert visible(value) in page.words


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_becomes_markup_in_markdown(value: str) -> None:
    document = RENDERERS[".md"](report_that_says(value))
    fence = next(line for line in document.splitlines() if line.endswith("sql") and line.startswith("```"))[:-3]
    before, code, after = re.split(rf"^{fence}(?:sql)?$", document, flags=re.MULTILINE)
    assert code.strip("\n") == "\n".join(map(visible, value.replace("\r\n", "\n").split("\n"))).rstrip("\n")
    harmless = RENDERERS[".md"](report_that_says("harmless"))
    start, _, end = re.split(r"^```(?:sql)?$", harmless, flags=re.MULTILINE)
    assert (before + after).count("\n") == (start + end).count("\n")
    for unescaped in ("<", r"(?<!\\)`", r"(?<!\\)\[", r"(?<!\\)://"):
        assert not re.search(unescaped, before + after), unescaped
    bars = re.compile(r"(?<!\\)\|")
    assert len(bars.findall(before + after)) == len(bars.findall(start + end))


@pytest.mark.parametrize("value", HOSTILE)
def test_json_carries_every_value_unchanged_in_ascii(value: str) -> None:
    document = RENDERERS[".json"](report_that_says(value))
    assert document.isascii()
    assert json.loads(document)["findings"][0]["evidence"][0]["text"] == value


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("ending", RENDERERS)
def test_no_format_holds_characters_that_hide_or_reorder_text(ending: str, value: str) -> None:
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", RENDERERS[ending](report_that_says(value))
    )


@pytest.mark.parametrize("ending", RENDERERS)
def test_every_finding_of_a_real_capture_is_told_with_file_and_line(ending: str, captured: IncidentReport) -> None:
    document = RENDERERS[ending](captured)
    words = {".html": lambda: Skeleton(document).words, ".md": lambda: re.sub(r"\\(.)", r"\1", document)}
    told = words.get(ending, lambda: json.dumps(json.loads(document), ensure_ascii=False))()
    assert len(captured.findings) > 5
    for finding in captured.findings:
        assert finding.evidence
        assert visible(finding.title) in told.replace("&lt;", "<").replace("&gt;", ">")
        assert finding.evidence[0].source in told
        assert str(finding.evidence[0].line) in told


def test_a_report_is_the_same_each_time_it_is_written(captured: IncidentReport) -> None:
    for render in RENDERERS.values():
        assert render(captured) == render(captured)


def test_the_timeline_holds_every_failed_run_of_the_capture(captured: IncidentReport) -> None:
    assert sum(bucket.failures for bucket in captured.timeline.buckets) == captured.impact.failed_runs > 0
    assert sum(bucket.starts for bucket in captured.timeline.buckets) == captured.impact.runs
    assert len(captured.timeline.buckets) <= 120
    assert len(captured.timeline.marks) == len(captured.findings)


def test_hurt_jobs_are_counted_once_however_many_findings_name_them(captured: IncidentReport) -> None:
    severe = [finding for finding in captured.findings if finding.severity in {"medium", "high", "critical"}]
    assert captured.impact.jobs_hurt == len({job for finding in severe for job in finding.jobs})
    assert captured.impact.jobs_hurt <= captured.impact.jobs


def test_the_page_asks_the_network_for_nothing(captured: IncidentReport) -> None:
    page = Skeleton(RENDERERS[".html"](captured))
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "embed"}
    addresses = [value for _, attrs in page.elements for name, value in attrs if name in {"href", "src"}]
    assert all(address and address.startswith("#finding-") for address in addresses)


def test_the_impact_of_each_class_adds_up_to_the_whole(captured: IncidentReport) -> None:
    impact, classes = captured.impact, captured.impact.by_class
    assert sum(each.jobs for each in classes) == impact.jobs
    assert sum(each.jobs_hurt for each in classes) == impact.jobs_hurt == sum(impact.fates.values())
    assert sum(each.unresolved for each in classes) == impact.unresolved
    assert sum(each.wasted_runs for each in classes) == impact.wasted_runs >= impact.failed_runs
    assert len(captured.troubled) + captured.untroubled == len(classes)


def test_the_timeline_in_words_runs_from_the_first_evidence_to_the_last(captured: IncidentReport) -> None:
    times = [turn.at for turn in captured.turns]
    assert times == sorted(times)
    assert (captured.turns[0].text, captured.turns[-1].text) == ("The evidence begins.", "The evidence ends.")
    words = "\n".join(turn.text for turn in captured.turns)
    for what in ("First failed run", "Last failed run", "2 runs never ended", "268 jobs waiting", "seen empty again"):
        assert what in words


def test_every_question_behind_the_report_can_be_pasted_into_a_database(captured: IncidentReport) -> None:
    with empty_database() as db:
        for sql in (captured.impact.sql, *captured.turns_sql, *(finding.sql for finding in captured.findings)):
            db.execute(sql)


@pytest.mark.parametrize(
    ("fates", "says"),
    [
        ({"succeeded": 3}, "No: every job hurt had succeeded by 12:00:00."),
        (
            {"succeeded": 1, "failed": 2, "running": 1},
            "3 of 4 jobs hurt had not succeeded: 2 given up and 1 started and not ended.",
        ),
        ({}, "No job is counted as hurt."),
    ],
)
def test_the_report_says_whether_it_is_still_going_on(fates: dict[str, int], says: str) -> None:
    impact = NOTHING.model_copy(update={"fates": fates, "jobs_hurt": sum(fates.values())})
    finding = report_that_says("harmless").findings[0]
    found = Investigation(as_of=NOON, first_at=NOON, inputs=(), checks=(), findings=(finding,))
    report = incident(found, (), impact, NO_MOMENTS, NO_TIME, (), title="x")
    assert says in next(each.text for each in report.answers if each.question == "Still going on?")


def test_each_first_step_is_said_once_with_all_findings_that_ask_for_it(captured: IncidentReport) -> None:
    told = [step.text for step in captured.first_steps]
    assert len(told) == len(set(told))
    assert sorted(number for step in captured.first_steps for number in step.findings) == [
        place for place, finding in enumerate(captured.findings, start=1) if finding.next_steps
    ]


@pytest.mark.parametrize(
    ("values", "places", "bars"),
    [((), 5, ""), ((0, 0), 5, "··"), ((0, 1, 8), 5, "·▁█"), ((1, 1, 0, 4), 2, "▄█"), ((1, 1, 1), 2, "█▄")],
)
def test_a_sparkline_adds_up_what_does_not_fit(values: tuple[int, ...], places: int, bars: str) -> None:
    assert sparkline(values, places) == bars


def test_an_investigation_without_data_says_so() -> None:
    empty = Investigation(as_of=None, first_at=None, inputs=(), checks=(), findings=())
    report = incident(empty, (), NOTHING, NO_MOMENTS, NO_TIME, (), title="Nothing")
    for render in RENDERERS.values():
        assert "no dated evidence" in render(report)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("a\nb\tc", "a ⏎ b c"),
        ("\u202etxt", "\\u202etxt"),
        ("\x00", "\\x00"),
        ("\x1b", "\\x1b"),
    ],
)
def test_text_from_logs_is_made_visible(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_a_period_without_length_is_a_moment() -> None:
    only = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    assert period(only, only) == "2026-03-01 23:00:00 UTC"


def test_an_axis_names_the_day_where_there_is_more_than_one() -> None:
    first_at = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    assert axis(first_at, first_at + timedelta(minutes=30), 2) == ["23:00:00", "23:30:00"]
    assert axis(first_at, first_at + timedelta(hours=2), 3) == ["03-01 23:00", "03-02 00:00", "03-02 01:00"]


@pytest.mark.parametrize(
    ("measured", "shown"),
    [
        (1234, "1,234"),
        (2.0, "2"),
        (152.240387, "152.2"),
        (123456789.4, "123,456,789"),
        ("words", "words"),
        (None, "unknown"),
    ],
)
def test_a_measured_value_has_no_more_digits_than_a_person_reads(measured: float | str | None, shown: str) -> None:
    assert wording_of(measured) == shown


def test_a_period_or_duration_that_is_not_known_is_said_to_be_so() -> None:
    assert period(None, None) == "no dated evidence"
    assert lasting(None) == "unknown"
