"""How many examples properties are tried with (many with ``make soak``), and tables printed when all tests have run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLE = "table"

settings.register_profile("quick", deadline=None, max_examples=40)  # a busy machine is no defect
settings.register_profile("soak", deadline=None, max_examples=1000)
settings.load_profile("quick")


@pytest.fixture
def print_at_the_end(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a table for people once all tests have run, in whichever process this one runs."""
    return lambda table: record_property(_TABLE, table)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tables = [
        str(value)
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in report.user_properties
        if name == _TABLE
    ]
    for table in sorted(tables):
        terminalreporter.write_line(table)
