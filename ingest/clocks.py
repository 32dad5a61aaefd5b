"""
Wall clocks to UTC: what a line's time means where it names no zone, and where it names no date.

A zone is stated by the user, worked out from lines that tell one moment both ways, or assumed to be UTC; the ledger
says which. Where clocks are set back an hour comes twice: lines are written in order, so a time that falls far behind
those before it is of the second pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX = "_clock"
"""Behind the name of a timestamp column: the same as a wall clock showed it."""

Basis = Literal["told", "stated", "worked out", "assumed"]

_MOMENT = pl.Datetime("us")
_SIGNS = ("+", "-")
_QUARTER = timedelta(minutes=15)
_WIDEST = timedelta(hours=14)
_SET_BACK = timedelta(minutes=30)
"""Lines are hardly ever written that much out of order, and clocks are set back by more."""
_NEXT_DAY, _DAY_BEFORE = -3_600, 22 * 3_600
"""Seconds between the times of day of two lines that tell that midnight lies between them."""


class ZoneError(Exception):
    """There is no such time zone; the words say what would be one."""


def zone_named(name: str) -> tzinfo:
    """A zone by its name (``Europe/Paris``) or its offset (``+02:00``). Raises ``ZoneError``."""
    offset = name.removeprefix("UTC")
    try:
        parsed = (
            datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo if offset[:1] in _SIGNS else ZoneInfo(name)
        )
    except (ValueError, OSError, KeyError, RecursionError):  # zones are looked for as packages within each other
        parsed = None
    if parsed is None:
        raise ZoneError(f"there is no time zone {name}: give a name such as Europe/Paris or an offset such as +02:00")
    return parsed


def tells_by_clock(frames: Mapping[str, pl.DataFrame]) -> bool:
    """Whether some of these rows have a time that names no zone."""
    return any(
        frame[column].null_count() < frame.height
        for frame in frames.values()
        for column in frame.columns
        if column.endswith(SUFFIX) or column == "time_of_day"
    )


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How a stream's wall clock is read, and where it stood at the last line read."""

    zone: tzinfo = UTC
    basis: Basis = "assumed"
    first_day: date | None = None
    """Day of the first line, for logs that write the time of day alone."""
    stands_at: datetime | None = None
    """Wall clock of the last line that had no date of its own."""
    latest: datetime | None = None
    """Latest moment (naive UTC) read from a wall clock so far."""

    @property
    def name(self) -> str:
        """The zone as the ledger names it."""
        return str(self.zone)

    def going_on_from(self, known: Clock) -> Clock:
        """This clock for a stream that was read in part before: what was worked out then stays, and where it stood."""
        zone = known if self.basis == "assumed" and known.basis != "assumed" else self
        return replace(known, zone=zone.zone, basis=zone.basis, first_day=self.first_day)

    def told_by(self, moments: pl.DataFrame | None) -> Clock:
        """The same clock, its zone worked out from moments that a line told both ways, where nobody stated it."""
        if self.basis != "assumed" or moments is None:
            return self
        apart = moments.select((pl.col("clock") - pl.col("utc")).dt.total_microseconds().median()).item()
        if apart is None:
            return self
        offset = round(timedelta(microseconds=apart) / _QUARTER) * _QUARTER
        if abs(offset) > _WIDEST:
            return self
        return replace(self, zone=timezone(offset), basis="worked out")

    def stated_by(self, zone: tzinfo | None) -> Clock:
        """The same clock in the zone that a format's description states, where nobody stated one for the load."""
        return self if zone is None or self.basis == "stated" else replace(self, zone=zone, basis="stated")

    def read(self, frames: Mapping[str, pl.DataFrame]) -> tuple[Clock, Mapping[str, pl.DataFrame]]:
        """
        The frames of some lines with every ``X_clock`` moved into its column ``X`` in UTC, and with a date where lines
        tell the time of day alone and the day is known; and the clock as it stands after these lines.
        """
        after, frames = self._dated(frames)
        latest = [self.latest] if self.latest else []
        told = {}
        for name, frame in frames.items():
            for column in [column for column in frame.columns if column.endswith(SUFFIX)]:
                moments = self.in_utc(frame[column])
                told_last = moments.max()
                if column == "occurred_at_clock" and isinstance(told_last, datetime):
                    latest.append(told_last)
                target = column.removesuffix(SUFFIX)
                known = frame[target] if target in frame.columns else pl.Series([None], dtype=_MOMENT)
                frame = frame.drop(column).with_columns(  # noqa: PLW2901 - column by column
                    pl.select(pl.coalesce(pl.lit(known), pl.lit(moments))).to_series().alias(target)
                )
            told[name] = frame
        return replace(after, latest=max(latest, default=None)), told

    def _dated(self, frames: Mapping[str, pl.DataFrame]) -> tuple[Clock, Mapping[str, pl.DataFrame]]:
        undated = [
            frame.filter(pl.col("time_of_day").is_not_null()).select("line_no", "time_of_day")
            for frame in frames.values()
            if "time_of_day" in frame.columns
        ]
        lines = pl.concat(undated).unique("line_no").sort("line_no") if undated else pl.DataFrame()
        if lines.is_empty() or (self.first_day is None and self.stands_at is None):
            return self, frames
        lines = lines.with_columns(clock=_with_dates(lines["time_of_day"], self))
        told = {
            name: _with_clock(frame.join(lines.select("line_no", "clock"), on="line_no", how="left"))
            if "time_of_day" in frame.columns
            else frame
            for name, frame in frames.items()
        }
        return replace(self, stands_at=lines["clock"][-1]), told

    def in_utc(self, shown: pl.Series) -> pl.Series:
        """Moments (naive UTC) from what the wall clock showed, in the order of the lines."""
        shown = shown.cast(_MOMENT)
        if isinstance(self.zone, ZoneInfo):
            return _through_changes(shown, self.zone, self.latest)
        return shown - (self.zone.utcoffset(None) or timedelta())


def _with_clock(frame: pl.DataFrame) -> pl.DataFrame:
    told = [name for name in ("occurred_at_clock", "clock") if name in frame.columns]
    return frame.with_columns(pl.coalesce(told).alias("occurred_at_clock")).drop("clock")


def _with_dates(times: pl.Series, clock: Clock) -> pl.Series:
    seconds = times.cast(pl.Int64) // 1_000_000_000
    start = clock.stands_at or datetime.combine(clock.first_day or date.min, times[0] or time())
    before = pl.Series([start.hour * 3_600 + start.minute * 60 + start.second]).append(seconds.head(-1))
    step = pl.DataFrame({"step": seconds - before}).select(
        pl.when(pl.col("step") < _NEXT_DAY).then(1).when(pl.col("step") > _DAY_BEFORE).then(-1).otherwise(0).cum_sum()
    )
    midnight = datetime.combine(start.date(), time())
    frame = pl.DataFrame({"days": step.to_series(), "time": times})
    days = pl.lit(midnight).cast(_MOMENT) + pl.duration(days=pl.col("days"))
    return frame.select((days + pl.col("time").cast(pl.Duration("us"))).cast(_MOMENT)).to_series()


def _through_changes(shown: pl.Series, zone: ZoneInfo, latest: datetime | None) -> pl.Series:
    name = str(zone)

    def in_utc(clock: pl.Expr, *, ambiguous: Literal["earliest", "latest"]) -> pl.Expr:
        local = clock.dt.replace_time_zone(name, ambiguous=ambiguous, non_existent="null")
        return local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)

    clock, hour = pl.col("clock"), pl.duration(hours=1)
    first = pl.coalesce(
        in_utc(clock, ambiguous="earliest"),
        in_utc(clock - hour, ambiguous="earliest") + hour,  # an hour that was left out: a clock that was not set yet
    )
    read = pl.DataFrame({"clock": shown}).select(
        first.alias("first"), in_utc(clock, ambiguous="latest").alias("second")
    )
    twice = read.with_row_index().filter(pl.col("first") != pl.col("second"))
    if twice.is_empty():
        return read["first"]
    chosen = []
    for index, moment, second in twice.iter_rows():
        of_second_pass = latest is not None and moment < latest - _SET_BACK
        found = second if of_second_pass else moment
        latest = max(found, latest or found)
        chosen.append((index, found))
    decided = pl.DataFrame(chosen, schema={"index": pl.UInt32, "moment": _MOMENT}, orient="row")
    joined = read.with_row_index().join(decided, on="index", how="left", maintain_order="left")
    return joined.select(pl.coalesce("moment", "first")).to_series()
