"""The sandbox of ad hoc SQL: a connection that can read its own database, for a while, and nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import duckdb

from ingest.database import open_for_reading
from reports.cli import Trouble

T = TypeVar("T")

_MEMORY = "2GB"
_SPILL = "8GB"
"""What a query may write to its temporary folder, which is deleted afterwards."""
_FOR_EVER = 0
_LISTENING = 0.2
"""Seconds between two looks for Ctrl-C."""


@contextmanager
def confined(
    database: Path, *, seconds: float, memory: str = _MEMORY, output: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """
    A connection to this database that can do nothing but read it, and write the one file ``output`` where there is one.

    Each query may take so many seconds (0: any number) and so much memory. Raises ``DatabaseError`` where the database
    cannot be opened.
    """
    with TemporaryDirectory(prefix="jobtrail-") as folder, open_for_reading(database) as db:
        if output is not None:
            db.execute("set allowed_paths = $paths", {"paths": [str(output)]})
        for name, value in {
            "max_execution_time": str(_milliseconds(seconds)),
            "memory_limit": memory,
            "temp_directory": folder,
            "max_temp_directory_size": _SPILL,
            "timezone": "UTC",
            "python_enable_replacements": "false",  # else a query could read variables of this program by name
            "enable_progress_bar": "false",  # it would stand between the rows on standard output
            "enable_external_access": "false",
            "lock_configuration": "true",  # last: from here on nothing can be set
        }.items():
            db.execute(f"set {name} = $value", {"value": value})
        yield db


@contextmanager
def refusals(seconds: float) -> Iterator[None]:
    """What the database refuses comes out in words."""
    too_long = f"the query took longer than {seconds:g} s; give it more with --timeout"
    try:
        yield
    except TimeLimitError as error:
        raise Trouble(too_long) from error
    except duckdb.OutOfMemoryException as error:
        raise Trouble(
            f"the query needs more than {_MEMORY} of memory and {_SPILL} on disk; ask for less at once"
        ) from error
    except duckdb.PermissionException as error:
        raise Trouble(f"not allowed here: {str(error).splitlines()[0]}") from error
    except duckdb.Error as error:
        if "maximum execution time" in str(error):
            raise Trouble(too_long) from error
        if isinstance(error, duckdb.InterruptException):
            raise KeyboardInterrupt from error
        raise Trouble(str(error)) from error


class TimeLimitError(Exception):
    """The work did not end in the time it was given."""


def deadline(seconds: float) -> float:
    """The moment of the monotonic clock in so many seconds; 0 means never."""
    return time.monotonic() + seconds if seconds else math.inf


def interruptible(db: duckdb.DuckDBPyConnection, work: Callable[[], T], until: float) -> T:
    """
    Do work on this connection so that Ctrl-C reaches it: the database itself looks for signals only now and then.

    Raises ``TimeLimitError`` past ``until``, a moment of the monotonic clock: the database's own limit does not always
    end a query whose rows are read piece by piece.
    """
    with ThreadPoolExecutor(max_workers=1) as aside:
        doing = aside.submit(work)
        try:
            while not wait([doing], timeout=_LISTENING).done:  # a signal is seen only when this thread wakes
                if time.monotonic() > until:
                    db.interrupt()
        except KeyboardInterrupt:
            db.interrupt()
            raise
        if time.monotonic() > until:
            raise TimeLimitError
        return doing.result()


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 1) if seconds else _FOR_EVER
