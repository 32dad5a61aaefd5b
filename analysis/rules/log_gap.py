"""
Log gap: an input that lacks lines, a log or snapshots, although something else shows that work went on.

Why it matters
    What a log does not tell looks as if it had not happened: jobs seem lost, runs seem never to have ended. Findings
    that rest on such a gap have less confidence.

What to look at first
    The log's own place: was the disk full, was it rotated or copied while it was written, did its shipper fall behind?

Severity
    Low; info where only the distance between two lines is unusual.

Blind spots
    A log that has lost all lines of some jobs and no line of others shows nothing of it. Lines are known to be missing
    only by their counterparts: an end without a start, a start without an end on a thread that went on, a heartbeat
    between two others, a run that a span or a snapshot shows. An end shows this only where it tells how long the run
    took, a start only where it names its thread. A log of enqueues has none of these. Snapshots count as
    missing only where the others keep a rhythm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel

from analysis.counts import count, enumeration, which
from analysis.durations import in_words
from analysis.rule import Count, Row, Rule, Share, Verdict

_MACHINES_NAMED = 3
_SURE = 5
"""So many missing lines are no slip of matching one line with another."""


class Params(BaseModel):
    """Thresholds."""

    min_lines: Count = 2
    """Lines missing here and there from one log. Of a whole log, none is."""
    min_in_stretch: Count = 3
    """Things that a log does not tell of while it is silent."""
    rhythm_share: Share = 0.8
    """With fewer snapshots than this at equal distances the distances may be meant so: then it is information."""


def verdict(rows: Sequence[Row], params: Params) -> Verdict:
    """Say what is missing, from when to when, and how that is known."""
    return _OF_MISSING[rows[0]["missing"]](rows, params)


def _lines(rows: Sequence[Row], _params: Params) -> Verdict:
    stretches = [row for row in rows if row["kind"] == "stretch"]
    missing = sum(row["lacks"] - row["no_jobs"] for row in rows)
    jobs = sum(row["no_jobs"] for row in rows)
    known = [f"at least {count(missing, 'line')} of it {which(missing, 'is', 'are')} missing"] if missing else []
    known += (
        [f"{count(jobs, 'job')} left {which(jobs, 'its', 'their')} queue meanwhile without a trace"] if jobs else []
    )
    longest = max((row["lasted"] for row in stretches), default=None)
    if longest is None:
        title = f"{_name(rows[0])} lacks at least {count(missing, 'line')}, here and there"
    elif len(stretches) == 1:
        title = f"{_name(rows[0])} is silent for {in_words(longest)}, and {enumeration(known)}"
    else:
        title = (
            f"{_name(rows[0])} is silent {len(stretches)} times, up to {in_words(longest)}, and {enumeration(known)}"
        )
    by_jobs_alone = not missing
    return Verdict(
        title=title,
        severity="low",
        confidence="high" if missing >= _SURE else "medium",
        confidence_reason="the jobs may have been lost and the log be whole; the log's neighbours would tell"
        if by_jobs_alone
        else "other lines and inputs tell of what these lines would have said"
        if missing >= _SURE
        else "few lines; the log's place or its shipper would tell whether more are missing",
        metrics={
            "missing_lines": missing,
            "longest_silence": longest,
            "jobs_without_trace": jobs,
            "records": max(row["records"] for row in rows),
        },
        next_steps=(
            "Get the log again from where it was written, rotated files included, and load it as well.",
            "Look whether the disk was full or the log's shipper fell behind at that time.",
            "Until then read what is said to be lost, orphaned or never ended as not known.",
        ),
    )


def _silence(rows: Sequence[Row], _params: Params) -> Verdict:
    longest = max(row["lasted"] for row in rows)
    usual = in_words(rows[0]["usual_gap"])
    return Verdict(
        title=f"{_name(rows[0])} is silent for {in_words(longest)}; 99 of 100 of its gaps are within {usual}",
        severity="info",
        confidence="low",
        confidence_reason="nothing shows that lines are missing: there may have been nothing to do",
        metrics={"longest_silence": longest, "usual_gap": rows[0]["usual_gap"]},
        next_steps=("Look whether work was expected at that time, and whether the log's shipper ran.",),
    )


def _machines(rows: Sequence[Row], _params: Params) -> Verdict:
    names = [str(row["machine"]) for row in rows]
    processes = sum(row["records"] for row in rows)
    if len(names) <= _MACHINES_NAMED:
        of = enumeration(names)
    else:
        of = f"{len(names)} machines, such as {enumeration(names[:_MACHINES_NAMED])},"
    return Verdict(
        title=f"No log of {of} is among the inputs, though snapshots show "
        f"{count(processes, 'worker process', 'worker processes')} {which(len(names), 'there', 'on them')}",
        severity="low",
        confidence="high",
        confidence_reason="more than one snapshot lists their processes, and every log read is another machine's",
        metrics={"machines": len(names), "processes": processes},
        next_steps=(
            "Get the workers' logs of these machines, and load them as well.",
            "Until then read nothing into runs that have no start or no end: they may stand in those logs.",
        ),
    )


def _snapshots(rows: Sequence[Row], _params: Params) -> Verdict:
    missing = sum(row["no_snapshots"] for row in rows)
    first = rows[0]
    return Verdict(
        title=f"{count(missing, 'snapshot')} {which(missing, 'is', 'are')} missing from a rhythm of one every "
        f"{in_words(first['usual_gap'])}",
        severity="low" if first["is_rhythm"] else "info",
        confidence="medium" if first["is_rhythm"] else "low",
        confidence_reason="the others come at equal distances"
        if first["is_rhythm"]
        else "so many distances are longer that they may be meant so; what takes the snapshots would tell",
        metrics={"missing_snapshots": missing, "usual_gap": first["usual_gap"], "snapshots": first["records"]},
        next_steps=("Look whether what takes the snapshots failed at these times.",),
    )


_OF_MISSING: Mapping[str, Callable[[Sequence[Row], Params], Verdict]] = {
    "lines": _lines,
    "lines, perhaps": _silence,
    "logs of workers": _machines,
    "snapshots": _snapshots,
}


def _name(row: Row) -> str:
    return f"{row['log']} of {row['host']}" if row["host"] else str(row["log"])


def clean(seen: Row, params: Params) -> str:
    """Say how many inputs there are that could have had a gap."""
    if not seen["judged"]:
        return "there is no log and no snapshot to judge"
    inputs = [count(seen[kind], word) for kind, word in (("logs", "log"), ("snapshots", "snapshot file")) if seen[kind]]
    lines = count(params.min_lines, "line")
    return f"no log is known to lack {lines}, and no snapshot is missing from a rhythm; {enumeration(inputs)}"


RULE = Rule(
    name="log-gap",
    family="blind spots",
    params=Params(),
    subject=("log", "host", "missing"),
    needs=(),
    verdict=verdict,
    clean=clean,
)
