"""Times as people write them and want them shown: in their zone, exact or as they say it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click


def zone(_ctx: click.Context, _param: click.Parameter, value: str) -> tzinfo:
    """``--tz``: the name of a zone, such as Europe/Paris."""
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(f"there is no time zone {value!r}; write one such as Europe/Paris or UTC") from error


def spoken(words: str, *, before: datetime, zone: tzinfo, option: str) -> datetime:
    """
    The moment that words mean, aware: ISO 8601, or English such as ``yesterday 22:00``, ``2 hours ago``, ``monday``.

    Ten digits are seconds since 1970. Words are understood in ``zone``, and as said at ``before``: the moment the
    data ends, so that the same words always mean the same. A day without a time means its beginning. Raises
    ``UsageError`` for words that mean none.
    """
    if re.fullmatch(r"\d{10}", words):
        return datetime.fromtimestamp(int(words), UTC)
    try:
        exact = datetime.fromisoformat(words)
    except ValueError:
        exact = _english(words, before.astimezone(zone), option)
    moment = exact if exact.tzinfo else exact.replace(tzinfo=zone)
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise _no_time(words, option) from None
    return moment


def shown(moment: datetime | None, zone: tzinfo) -> str:
    """A moment to the second, without its zone: headings name it."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else ""


def _english(words: str, said_at: datetime, option: str) -> datetime:
    from dateparser.date import DateDataParser  # noqa: PLC0415 - only where somebody speaks English

    parser = DateDataParser(
        languages=["en"],
        settings={
            "RELATIVE_BASE": said_at.replace(tzinfo=None),
            "DATE_ORDER": "YMD",
            "PREFER_DATES_FROM": "past",
            "RETURN_TIME_AS_PERIOD": True,
        },
    )
    found = parser.get_date_data(words)
    if found.date_obj is None:
        raise _no_time(words, option)
    moment: datetime = found.date_obj
    ago = words.rstrip().endswith("ago") or words.strip() == "now"
    if found.period != "time" and not ago:
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.replace(tzinfo=said_at.tzinfo)


def _no_time(words: str, option: str) -> click.UsageError:
    return click.UsageError(
        f"{option}: {words!r} is no time; write one such as 2026-03-17T09:30, 'yesterday 22:00' or '2 hours ago'"
    )
