"""The scratch connection that sources and wrappers read with; they leave nothing in it that another one could meet."""

from __future__ import annotations

import duckdb

SCRATCH = duckdb.connect(config={"threads": 1})
