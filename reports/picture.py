"""Small pictures as inline SVG: bars over time and places in time. They hold no words: labels stand in the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from analysis.series import Mark, QueueSeries, Timeline

_WIDTH, _HEIGHT = 1000, 100
_LEAST_MARK = 8
"""A moment without length must still be seen."""
_LEAST_BAR = 4

_SVG = Markup(
    '<svg class="{kind}" role="img" aria-label="{label}" viewBox="0 0 1000 100" preserveAspectRatio="none">'
    "{shapes}</svg>"
)
_RECT = Markup('<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"></rect>')


def strip(values: Sequence[int], *, kind: str, label: str) -> Markup:
    """A bar for each value, the tallest as high as the picture."""
    width = _WIDTH / max(len(values), 1)
    return _bars([(place * width, value) for place, value in enumerate(values)], width, kind=kind, label=label)


def mark(place: Mark, timeline: Timeline, *, label: str) -> Markup:
    """From when to when a finding reaches, on the timeline."""
    if timeline.first_at is None:
        return Markup("")
    until = timeline.first_at + len(timeline.buckets) * timedelta(seconds=timeline.step)  # where the bars end
    begin = _share(place.first_at, timeline.first_at, until)
    end = _share(place.last_at, timeline.first_at, until)
    width = max((end - begin) * _WIDTH, _LEAST_MARK)
    shape = _RECT.format(x=min(begin * _WIDTH, _WIDTH - width), y=10, width=width, height=80)
    return _SVG.format(kind=f"mark {place.severity}", label=label, shapes=shape)


def depth(series: QueueSeries, *, label: str) -> Markup:
    """How many jobs waited."""
    return _over_time(series, ((point.at, point.depth) for point in series.points), kind="depth", label=label)


def wait(series: QueueSeries, *, label: str) -> Markup:
    """How long they waited."""
    return _over_time(series, ((point.at, point.wait) for point in series.points), kind="wait", label=label)


def _over_time(
    series: QueueSeries, points: Iterable[tuple[datetime, float | None]], *, kind: str, label: str
) -> Markup:
    length = max((series.last_at - series.first_at).total_seconds(), series.step)
    places = [(_share(at, series.first_at, series.last_at) * _WIDTH, value) for at, value in points]
    return _bars(places, _WIDTH * series.step / length, kind=kind, label=label)


def _bars(places: Sequence[tuple[float, float | None]], width: float, *, kind: str, label: str) -> Markup:
    tallest = max((value for _, value in places if value), default=0)
    shapes = Markup("").join(_bar(x, value / tallest, width) for x, value in places if value)
    return _SVG.format(kind=kind, label=label, shapes=shapes)


def _bar(x: float, share: float, width: float) -> Markup:
    height = max(share * _HEIGHT, _LEAST_BAR)
    return _RECT.format(x=x, y=_HEIGHT - height, width=min(width * 0.9, _WIDTH - x), height=height)


def _share(at: datetime, first_at: datetime, last_at: datetime) -> float:
    length = (last_at - first_at).total_seconds()
    return min(max((at - first_at).total_seconds() / length, 0), 1) if length else 0
