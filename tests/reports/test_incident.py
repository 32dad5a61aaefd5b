"""The incident report says in every format what was found, and what logs say stays text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from analysis.finding import Check, Coverage, Evidence, Finding, Investigation
from analysis.impact import Impact
from analysis.series import Timeline
from reports.incident import IncidentReport, incident
from reports.render import RENDERERS
from reports.wording import lasting, period, visible
from tests.reports.capture import captured_report

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
NOTHING = Impact(jobs=0, runs=0, failed_runs=0, jobs_hurt=0, failed_seconds=0, longest_wait=None)
NO_TIME = Timeline(first_at=None, last_at=None, step=0, buckets=(), marks=())


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> IncidentReport:
    return captured_report(tmp_path_factory.mktemp("captured"))


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
    investigation = Investigation(as_of=None, first_at=None, inputs=(coverage,), checks=checks, findings=(finding,))
    return incident(investigation, NOTHING, NO_TIME, (), title=value)


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


def test_an_investigation_without_data_says_so() -> None:
    empty = Investigation(as_of=None, first_at=None, inputs=(), checks=(), findings=())
    report = incident(empty, NOTHING, NO_TIME, (), title="Nothing")
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


def test_a_period_or_duration_that_is_not_known_is_said_to_be_so() -> None:
    assert period(None, None) == "no dated evidence"
    assert lasting(None) == "unknown"
