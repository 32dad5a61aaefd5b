"""A type checker knows what ``perform`` takes, wherever a job is enqueued."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

APPLICATION = """
from jobrunner.error_handling import retry_on
from jobrunner.job import Job

class Report(Job):
    on_error = (retry_on(ConnectionError, wait="polynomially_longer"),)

    def queue_as(self) -> str:
        return "reports"

    async def perform(self, number: int, *, form: str = "pdf") -> None: ...

Report.perform_later(1, form="csv")
Report.perform_later("one")
Report.set(wait=3).perform_later(1, from_="csv")
Report.set(weight=3)
Report.perform_now()
"""


def test_wrong_arguments_and_options_are_told_by_the_type_checker(tmp_path: Path) -> None:
    application = tmp_path / "application.py"
    application.write_text(APPLICATION)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", application],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line.split(": ", 1) for line in checked.stdout.splitlines() if ": error: " in line]
    assert [place.rsplit(":", 1)[1] for place, _ in errors] == ["14", "15", "16", "17"], checked.stdout + checked.stderr
