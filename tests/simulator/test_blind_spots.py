"""What no loss takes away and yet cannot be read rightly: units."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.simulator.days import found_in, live, written
from tests.simulator.written import Line


def in_milliseconds(line: Line) -> Line:
    """The line as a worker writes it that takes milliseconds for seconds."""
    told = json.loads(line.text)
    if "duration" in told:
        told["duration"] *= 1000
    return replace(line, text=json.dumps(told))


def test_a_log_that_tells_milliseconds_for_seconds_is_named_and_no_other(tmp_path: Path) -> None:
    files = written(live(7, jobs_a_day=400), "job_log")
    logs = tuple(
        replace(log, lines=tuple(map(in_milliseconds, log.lines))) if log.host == "worker-2" else log
        for log in files.logs
    )
    findings, _ = found_in(replace(files, logs=logs), tmp_path)
    found = [each for each in findings if each.rule == "ambiguous-units"]
    assert [(each.subject["log"], each.subject["what"]) for each in found] == [("jobs.worker-2.jsonl", "duration")]
