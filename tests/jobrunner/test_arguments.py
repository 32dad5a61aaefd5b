"""Arguments and the hash of a job, as Active Job writes them: what a Ruby worker puts in a queue is read, and back."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobrunner.arguments import (
    RESERVED,
    SERIALIZERS,
    DeserializationError,
    Duration,
    IndifferentDict,
    Keywords,
    Range,
    ReferenceNotFoundError,
    SerializationError,
    Symbol,
    deserialize,
    serialize,
)
from jobrunner.job_data import JobData, JobDataError
from jobrunner.references import REFERENCES, RecordNotFoundError, Reference

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUBY = "ActiveJob::Serializers::"


def said(name: str, **value: Any) -> dict[str, Any]:
    return {"_aj_serialized": f"{RUBY}{name}Serializer", **value}


def symbol(name: str) -> dict[str, Any]:
    return said("Symbol", value=name)


class Order:
    def __init__(self, key: str) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Order) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def job_reference(self) -> Reference:
        return Reference("shop", "Order", self.key)


def find(reference: Reference) -> Order:
    if reference.id == "gone":
        raise RecordNotFoundError(f"{reference} is gone")
    return Order(reference.id)


REFERENCES.find_by("shop", find)

PAIRS: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (42, 42),
    (2.5, 2.5),
    ("a", "a"),
    ([1, ["b"]], [1, ["b"]]),
    ({"a": 1}, {"a": 1, "_aj_symbol_keys": []}),
    ({Symbol("a"): 1, "b": 2}, {"a": 1, "b": 2, "_aj_symbol_keys": ["a"]}),
    (Keywords(format="pdf"), {"format": "pdf", "_aj_ruby2_keywords": ["format"]}),
    (IndifferentDict(a=1), {"a": 1, "_aj_hash_with_indifferent_access": True}),
    (Order("7/8"), {"_aj_globalid": "gid://shop/Order/7%2F8"}),
    (Symbol("pdf"), symbol("pdf")),
    (date(2026, 3, 1), said("Date", value="2026-03-01")),
    (NOON, said("Time", value="2026-03-01T12:00:00.000000000Z")),
    (
        NOON.astimezone(timezone(timedelta(hours=5, minutes=30))),
        said("Time", value="2026-03-01T17:30:00.000000000+05:30"),
    ),
    (
        NOON.astimezone(ZoneInfo("Europe/Vienna")),
        said("TimeWithZone", value="2026-03-01T13:00:00.000000000+01:00", time_zone="Europe/Vienna"),
    ),
    (
        NOON.astimezone(ZoneInfo("Etc/UTC")),
        said("TimeWithZone", value="2026-03-01T12:00:00.000000000Z", time_zone="Etc/UTC"),
    ),
    (
        NOON.astimezone(ZoneInfo("Europe/London")),
        said("TimeWithZone", value="2026-03-01T12:00:00.000000000+00:00", time_zone="Europe/London"),
    ),
    (Decimal("1.50"), said("BigDecimal", value="0.15e1")),
    (Decimal("-0.001"), said("BigDecimal", value="-0.1e-2")),
    (Decimal(1200), said("BigDecimal", value="0.12e4")),
    (Decimal(0), said("BigDecimal", value="0.0")),
    (Decimal("-Infinity"), said("BigDecimal", value="-Infinity")),
    (timedelta(minutes=2), said("Duration", value=120, parts=[[symbol("seconds"), 120]])),
    (Duration(2629746, [("months", 1)]), said("Duration", value=2629746, parts=[[symbol("months"), 1]])),
    (Range(1, None, exclude_end=True), said("Range", begin=1, end=None, exclude_end=True)),
    (
        Range(date(2026, 3, 1), date(2026, 3, 2)),
        said(
            "Range",
            begin=said("Date", value="2026-03-01"),
            end=said("Date", value="2026-03-02"),
            exclude_end=False,
        ),
    ),
    (Order, said("Module", value=f"{__name__}:Order")),
]


@pytest.mark.parametrize(("value", "json_value"), PAIRS)
def test_a_value_is_written_as_active_job_writes_it_and_read_back(value: Any, json_value: Any) -> None:
    assert serialize([value]) == [json_value]
    read = deserialize(json.loads(json.dumps([json_value])))
    assert read == [value]
    assert type(read[0]) is type(value)
    assert serialize(read) == [json_value]


def test_a_tuple_comes_back_as_a_list() -> None:
    assert deserialize(serialize([(1, (2,))])) == [[1, [2]]]


def test_a_date_time_of_ruby_is_a_time_of_python_and_its_nanoseconds_are_cut() -> None:
    told = said("DateTime", value="2026-03-01T12:00:00.123456789+00:00")
    assert deserialize([told]) == [NOON.replace(microsecond=123456)]


class Word(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "argument 1 is a object, which a job cannot carry"),
        ([{"a": {1, 2}}], "argument 1[0]['a'] is a set"),
        ({1: 2}, "argument 1 has the key 1, a int: keys must be texts"),
        *(({key: 1}, "keeps for itself: rename it") for key in sorted(RESERVED)),
        (math.nan, "argument 1 is nan, which JSON cannot say"),
        (datetime(2026, 3, 1), "names no zone: datetime.now(UTC) does"),  # noqa: DTZ001 - that is the case
        (Order(""), "argument 1 is a Order without an id: save it"),
        (b"bytes", "argument 1 is a bytes"),
        ([Range(1, {2})], "argument 1[0] is a Range that cannot go along: its end is a set"),
        (type("Local", (), {"__qualname__": "f.<locals>.Local"}), "a class must stand in its module"),
    ],
)
def test_what_cannot_travel_is_refused_with_the_place_and_a_way_out(value: Any, words: str) -> None:
    with pytest.raises(SerializationError) as refused:
        serialize([value])
    assert words in str(refused.value)


def test_a_subclass_of_str_travels_as_its_text() -> None:
    assert [type(each) for each in serialize([Word("a")])] == [str]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"_aj_serialized": "MoneySerializer", "value": 1}, "no serializer is named 'MoneySerializer'"),
        (said("Module", value="os:nowhere"), "there is no class 'os:nowhere'"),
        (said("Date", value="soon"), "soon"),
        (said("Date"), "value"),
        ({"_aj_globalid": "gid://other/Order/1"}, "nobody finds gid://other/Order/1: call REFERENCES.find_by('other'"),
        ({"_aj_globalid": "order 1"}, "is no reference"),
    ],
)
def test_what_cannot_be_read_says_so_and_keeps_its_cause(told: Any, words: str) -> None:
    with pytest.raises(DeserializationError) as failed:
        deserialize([told])
    assert words in str(failed.value)
    assert failed.value.__cause__ is not None


def test_an_object_that_is_gone_is_an_error_of_its_own() -> None:
    gone = {"_aj_globalid": "gid://shop/Order/gone"}
    for told in (gone, [gone], said("Range", begin=gone, end=None, exclude_end=False)):
        with pytest.raises(ReferenceNotFoundError):
            deserialize([told])


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents


class MoneySerializer:
    name = "MoneySerializer"
    kind = Money

    def serialize(self, value: Money) -> dict[str, Any]:
        return {"cents": value.cents}

    def deserialize(self, told: dict[str, Any]) -> Money:
        return Money(told["cents"])


@pytest.fixture
def _with_money(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SERIALIZERS, "_known", [MoneySerializer(), *SERIALIZERS._known])  # noqa: SLF001


@pytest.mark.usefixtures("_with_money")
def test_an_application_has_serializers_of_its_own() -> None:
    told = serialize([Money(5)])
    assert told == [{"_aj_serialized": "MoneySerializer", "cents": 5}]
    assert deserialize(told)[0].cents == 5


texts = st.text().filter(lambda text: text not in RESERVED)
moments = st.datetimes(min_value=datetime(1850, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | texts.map(Symbol)
    | st.dates()
    | moments
    | st.builds(lambda moment, zone: moment.astimezone(zone), moments, st.timezones())
    | st.decimals(allow_nan=False)
    | st.timedeltas(min_value=timedelta(days=-40_000), max_value=timedelta(days=40_000))
    | st.builds(Range, st.integers() | st.none(), st.integers() | st.none(), st.booleans())
    | st.text(min_size=1).filter(lambda key: key != "gone").map(Order)
)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(texts, inner)
        | st.dictionaries(texts.map(Symbol), inner)
        | st.dictionaries(texts, inner).map(IndifferentDict)
        | st.dictionaries(texts, inner).map(Keywords)
    ),
    max_leaves=8,
)


@given(st.lists(values, max_size=4))
def test_all_that_can_travel_comes_back_through_json_as_it_was(arguments: list[Any]) -> None:
    told = serialize(arguments)
    read = deserialize(json.loads(json.dumps(told)))
    assert read == arguments
    assert serialize(read) == told


RUBY_JOB: dict[str, Any] = {
    "job_class": "ReportJob",
    "job_id": "8c5f0bd5-5f6c-4d4d-8f8f-6f6f6f6f6f6f",
    "provider_job_id": None,
    "queue_name": "default",
    "priority": None,
    "arguments": [42, {"format": symbol("pdf"), "_aj_ruby2_keywords": ["format"]}],
    "executions": 1,
    "exception_executions": {"[Net::OpenTimeout, Timeout::Error]": 1},
    "locale": "en",
    "timezone": "UTC",
    "enqueued_at": "2026-03-01T12:00:00.123456000Z",
    "scheduled_at": None,
    "continuation": {"completed": ["load"]},
    "resumptions": 1,
}


def test_a_job_of_ruby_goes_through_python_unchanged_with_the_keys_nobody_knows_here() -> None:
    assert JobData.from_json(RUBY_JOB).to_json() == RUBY_JOB
    assert list(JobData.from_json(RUBY_JOB).to_json()) == list(RUBY_JOB)


@given(
    st.builds(
        JobData,
        job_class=st.text(min_size=1),
        job_id=st.uuids().map(str),
        provider_job_id=st.none() | st.text(),
        queue_name=st.text(min_size=1),
        priority=st.none() | st.integers(),
        arguments=st.lists(values, max_size=2).map(serialize),
        executions=st.integers(min_value=0),
        exception_executions=st.none() | st.dictionaries(st.text(), st.integers()),
        locale=st.text(min_size=1),
        timezone=st.none() | st.text(),
        enqueued_at=st.none() | moments,
        scheduled_at=st.none() | moments,
        extra=st.dictionaries(st.text().map("x-{}".format), st.integers()),
    )
)
def test_a_job_comes_back_through_json_as_it_was(data: JobData) -> None:
    assert JobData.from_json(json.loads(json.dumps(data.to_json()))) == data


def test_a_job_of_an_old_version_lacks_keys_and_is_read() -> None:
    data = JobData.from_json({"job_class": "A", "job_id": "1", "arguments": []})
    assert (data.queue_name, data.executions, data.exception_executions, data.locale) == ("default", 0, None, "en")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"job_class": None}, "job_class of a job's hash is None: it must be str"),
        ({"arguments": {}}, "arguments of a job's hash is {}: it must be list"),
        ({"priority": "high"}, "priority of a job's hash is 'high': it must be int or null"),
        ({"enqueued_at": "yesterday"}, "enqueued_at of a job's hash is 'yesterday': it must be a time with its zone"),
    ],
)
def test_a_hash_that_is_no_job_says_which_key_and_what_it_must_be(change: dict[str, Any], words: str) -> None:
    with pytest.raises(JobDataError) as refused:
        JobData.from_json(RUBY_JOB | change)
    assert words in str(refused.value)
