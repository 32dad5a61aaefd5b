"""Envelopes around log lines, one per file. The first that claims a line opens it."""

from __future__ import annotations

from ingest.wrappers import (
    cloudwatch,
    cloudwatch_tail,
    compose_prefix,
    container_times,
    cri,
    datadog,
    docker_json,
    elasticsearch,
    heroku,
    host_and_tag,
    journal_json,
    kubectl_prefix,
    shipped,
    syslog_counted,
    syslog_rfc3164,
    syslog_rfc5424,
)
from ingest.wrappers.wrapper import Wrapper

WRAPPERS: tuple[Wrapper, ...] = (
    journal_json.WRAPPER,
    elasticsearch.WRAPPER,
    docker_json.WRAPPER,
    cloudwatch.WRAPPER,
    datadog.WRAPPER,
    shipped.WRAPPER,
    cri.WRAPPER,
    container_times.WRAPPER,
    kubectl_prefix.WRAPPER,
    compose_prefix.WRAPPER,
    syslog_counted.WRAPPER,
    syslog_rfc5424.WRAPPER,
    syslog_rfc3164.WRAPPER,
    heroku.WRAPPER,
    host_and_tag.WRAPPER,
    cloudwatch_tail.WRAPPER,
)

__all__ = ["WRAPPERS", "Wrapper"]
