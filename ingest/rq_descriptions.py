"""What RQ calls a job by: the call it stands for, ``shop.mail('a', to='b')``, unless its enqueuer chose other words."""

from __future__ import annotations

import polars as pl

from ingest.python_calls import arguments_of_calls

_CUT = r"\.\.\.(?:, |$)"
"""RQ cuts what an argument looks like after 75 characters, and says so with three dots."""


def class_of_call(description: pl.Expr) -> pl.Expr:
    """The function's dotted name; null where the words are no call."""
    return description.str.extract(r"^([A-Za-z_][\w.]*)\(.*\)$", 1)


def arguments_of_call(description: pl.Expr, job_class: pl.Expr) -> pl.Expr:
    """
    Its arguments as JSON text; null where the words are no call, and where one of them was cut: what is left of them
    would make different jobs look equal.
    """
    written = description.str.slice(job_class.str.len_chars() + 1).str.head(-1)
    return arguments_of_calls(pl.when(~written.str.contains(_CUT)).then(written))


def calls_of(descriptions: list[str | None]) -> list[tuple[str | None, str | None]]:
    """Function and arguments of each, as the two above tell them."""
    frame = pl.DataFrame({"description": descriptions}, schema={"description": pl.String})
    told = frame.with_columns(class_of_call(pl.col("description")).alias("job_class")).select(
        "job_class", arguments_of_call(pl.col("description"), pl.col("job_class")).alias("arguments")
    )
    return [(job_class, arguments) for job_class, arguments in told.iter_rows()]
