"""Bare log lines put into every envelope there is, as the programs that make such envelopes would write them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _moments(lines: Sequence[str]) -> list[tuple[datetime, str]]:
    return [(START + timedelta(milliseconds=number), line.rstrip("\n")) for number, line in enumerate(lines)]


def _nano(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}000Z"


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}+00:00"


def _milli(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _epoch(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _each(wrap: Callable[[datetime, str], str]) -> Callable[[Sequence[str]], bytes]:
    return lambda lines: "".join(wrap(moment, line) + "\n" for moment, line in _moments(lines)).encode()


def _json(wrap: Callable[[datetime, str], object], **how: object) -> Callable[[Sequence[str]], bytes]:
    return _each(lambda moment, line: json.dumps(wrap(moment, line), **how))  # type: ignore[arg-type]


def _document(
    wrap: Callable[[int, datetime, str], object], holder: Callable[[list[object]], object], indent: int | None = None
) -> Callable[[Sequence[str]], bytes]:
    return lambda lines: json.dumps(
        holder([wrap(number, moment, line) for number, (moment, line) in enumerate(_moments(lines))]), indent=indent
    ).encode()


def _table(names: Sequence[str], row: Callable[[datetime, str], Sequence[str]]) -> Callable[[Sequence[str]], bytes]:
    def written(lines: Sequence[str]) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL)
        writer.writerow(names)
        writer.writerows(row(moment, line) for moment, line in _moments(lines))
        return out.getvalue().encode()

    return written


def _journal(moment: datetime, line: str) -> dict[str, object]:
    return {
        "_SYSTEMD_UNIT": "worker.service",
        "MESSAGE": line if line.isascii() and line.isprintable() else list(line.encode()),
        "__CURSOR": f"s=7a;i={_epoch(moment):x}",
        "__REALTIME_TIMESTAMP": str(_epoch(moment) * 1000),
        "_HOSTNAME": "web-1",
        "PRIORITY": "6",
        "_PID": "80",
    }


def _cri(moment: datetime, line: str) -> str:
    middle = len(line) // 2
    return (
        f"{_nano(moment)} stdout P {line[:middle]}\n"
        f"{_nano(moment)} stderr F another stream's line\n"
        f"{_nano(moment)} stdout F {line[middle:]}"
    )


def _docker_pieces(moment: datetime, line: str) -> str:
    middle = len(line) // 2
    pieces = [(line[:middle], "stdout"), ("another stream's line\n", "stderr"), (line[middle:] + "\n", "stdout")]
    return "\n".join(
        json.dumps({"log": log, "stream": stream, "time": _nano(moment)}, separators=(",", ":"))
        for log, stream in pieces
    )


def _counted(moment: datetime, line: str) -> str:
    message = f"<134>1 {_iso(moment)} web-1 app worker.1 - {line}\n"
    return f"{len(message.encode())} {message[:-1]}"


def _elasticsearch(_: int, moment: datetime, line: str) -> dict[str, object]:
    return {
        "_index": "logs-2026.03.01",
        "_id": f"{_epoch(moment):x}",
        "_score": 1.0,
        "_source": {"@timestamp": _milli(moment), "message": line, "host": {"name": "web-1"}, "agent": {"type": "f"}},
    }


def _cri_in_elasticsearch(_: int, moment: datetime, line: str) -> dict[str, object]:
    document = _elasticsearch(0, moment, line)
    document["_source"] = {"@timestamp": _milli(moment), "message": f"{_nano(moment)} stdout F {line}"}
    return document


def _datadog(number: int, moment: datetime, line: str) -> dict[str, object]:
    facts = {"host": "node-1", "service": "shop", "status": "info", "tags": ["pod_name:worker-5f6d"]}
    return {"id": f"Ag{number}", "type": "log", "attributes": {"timestamp": _milli(moment), "message": line, **facts}}


WRAPPED: dict[str, Callable[[Sequence[str]], bytes]] = {
    "journalctl -o json": _json(_journal),
    "journalctl -o short-iso": _each(lambda at, line: f"{at:%Y-%m-%dT%H:%M:%S}+0000 web-1 worker[80]: {line}"),
    "journalctl -o short-full": _each(lambda at, line: f"Sun {at:%Y-%m-%d %H:%M:%S} UTC web-1 worker[80]: {line}"),
    "rsyslog's file": _each(lambda at, line: f"{_iso(at)} web-1 worker[80]: {line}"),
    "syslog, RFC 3164": _each(lambda at, line: f"<134>{at:%b} {at.day:2} {at:%H:%M:%S} web-1 worker[80]: {line}"),
    "syslog, RFC 5424": _each(lambda at, line: f'<134>1 {_iso(at)} web-1 worker 80 - [a@1 b="c \\] d"] {line}'),
    "syslog, octet-counted": _each(_counted),
    "heroku logs": _each(lambda at, line: f"{_iso(at)} app[worker.1]: {line}"),
    "docker's json-file": _json(
        lambda at, line: {"log": line + "\n", "stream": "stderr", "time": _nano(at)}, separators=(",", ":")
    ),
    "docker's json-file in pieces": _each(_docker_pieces),
    "docker logs --timestamps": _each(lambda at, line: f"{_nano(at)} {line}"),
    "docker compose logs": _each(lambda _, line: f"worker-1  | {line}"),
    "kubernetes CRI": _each(lambda at, line: f"{_nano(at)} stdout F {line}"),
    "kubernetes CRI in parts": _each(_cri),
    "kubectl logs --prefix": _each(lambda _, line: f"[pod/worker-5f6d/app] {line}"),
    "kubectl logs --prefix --timestamps": _each(lambda at, line: f"[pod/worker-5f6d/app] {_nano(at)} {line}"),
    "aws logs filter-log-events": _document(
        lambda number, at, line: {
            "logStreamName": "ecs/worker/0f3a",
            "timestamp": _epoch(at),
            "message": line,
            "ingestionTime": _epoch(at),
            "eventId": f"{number:056}",
        },
        lambda events: {"events": events, "searchedLogStreams": []},
        indent=4,
    ),
    "aws logs get-log-events": _document(
        lambda _, at, line: {"timestamp": _epoch(at), "message": line, "ingestionTime": _epoch(at)},
        lambda events: {"events": events, "nextForwardToken": "f/3", "nextBackwardToken": "b/3"},
    ),
    "CloudWatch subscription": _document(
        lambda number, at, line: {"id": f"{number:056}", "timestamp": _epoch(at), "message": line},
        lambda events: {
            "messageType": "DATA_MESSAGE",
            "owner": "123456789012",
            "logGroup": "shop",
            "logStream": "ecs/worker/0f3a",
            "subscriptionFilters": ["all"],
            "logEvents": events,
        },
    ),
    "CloudWatch Insights": _document(
        lambda number, at, line: [
            {"field": "@timestamp", "value": f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"},
            {"field": "@message", "value": line},
            {"field": "@ptr", "value": f"Cm{number}"},
        ],
        lambda rows: {"results": rows, "statistics": {"recordsMatched": 1.0}, "status": "Complete"},
        indent=4,
    ),
    "CloudWatch Insights, CSV": _table(
        ["@timestamp", "@message", "@logStream"],
        lambda at, line: [f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}", line, "ecs/worker/0f3a"],
    ),
    "aws logs tail": _each(lambda at, line: f"{_iso(at)} ecs/worker/0f3a {line}"),
    "Datadog's search": _document(_datadog, lambda events: {"data": events, "meta": {"page": {}}}),
    "Datadog's list": _document(_datadog, lambda events: events, indent=2),
    "Datadog's lines": _json(lambda at, line: _datadog(_epoch(at), at, line)),
    "Datadog's archive": _json(
        lambda at, line: {"_id": f"A{_epoch(at)}", "date": _milli(at), "host": "web-1", "message": line, "tags": []}
    ),
    "Datadog's CSV": _table(
        ["Date", "Host", "Service", "Message"], lambda at, line: [_milli(at), "web-1", "shop", line]
    ),
    "Elasticsearch's hits": _document(
        _elasticsearch, lambda hits: {"took": 3, "hits": {"total": {"value": 1}, "hits": hits}}, indent=2
    ),
    "elasticdump": _json(lambda at, line: _elasticsearch(0, at, line), separators=(",", ":")),
    "CRI in Elasticsearch": _json(lambda at, line: _cri_in_elasticsearch(0, at, line)),
    "Kibana's CSV": _table(
        ["@timestamp", "_id", "_index", "host.name", "message"],
        lambda at, line: [
            f"{at:%b} {at.day}, {at:%Y @ %H:%M:%S}.{at.microsecond // 1000:03}",
            f"{_epoch(at):x}",
            "logs",
            "web-1",
            line,
        ],
    ),
    "Filebeat": _json(
        lambda at, line: {
            "@timestamp": _milli(at),
            "@metadata": {"beat": "filebeat"},
            "message": line,
            "log": {"offset": 1, "file": {"path": "/var/log/worker.log"}},
            "host": {"name": "web-1"},
        }
    ),
    "Fluent Bit": _json(
        lambda at, line: {
            "time": _nano(at),
            "stream": "stdout",
            "log": line + "\n",
            "kubernetes": {"pod_name": "worker-5f6d", "container_name": "app", "host": "node-1"},
        }
    ),
}
"""What makes the envelope, to the bytes of a file that holds these lines in it."""
