"""The stories of sample_logs/ are what the scenarios write, the same bytes on every run, and keep to the contract."""

from __future__ import annotations

import base64
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]  # it comes without types
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from jobrunner.contract import JobLogLine, Snapshot
from jobrunner.scenarios import STORIES
from jobrunner.scenarios.story import Story
from reports.cli import cli

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / "sample_logs"
TRUTHS = ROOT / "tests" / "truth" / "stories"

each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.jsonl"))}


def truth(story: Story) -> list[dict[str, Any]]:
    planted: list[dict[str, Any]] = json.loads((TRUTHS / f"{story.name}.json").read_text())["planted"]
    return planted


def lines(story: Story, pattern: str) -> list[str]:
    return [line for path in sorted((SAMPLES / story.name).glob(pattern)) for line in path.read_text().splitlines()]


@each_story
def test_a_story_written_anew_is_what_is_committed(story: Story, tmp_path: Path) -> None:
    planted = story.write(tmp_path)
    assert written(tmp_path) == written(SAMPLES / story.name)
    assert planted == truth(story)


def test_neither_hash_seed_nor_time_zone_nor_opentelemetry_settings_change_a_byte(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from jobrunner.scenarios import STORIES\n"
        "for story in STORIES: story.write(pathlib.Path(sys.argv[1]) / story.name)"
    )
    elsewhere = {
        "PYTHONHASHSEED": "4242",
        "TZ": "Asia/Kolkata",
        "LC_ALL": "C",
        "OTEL_SERVICE_NAME": "another",
        "OTEL_RESOURCE_ATTRIBUTES": "team=another",
        "OTEL_TRACES_SAMPLER": "always_off",
    }
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, cwd=ROOT, env={**os.environ, **elsewhere})
    committed = {
        f"{story.name}/{name}": raw for story in STORIES for name, raw in written(SAMPLES / story.name).items()
    }
    assert written(tmp_path) == committed


@each_story
def test_every_line_keeps_to_the_contract_and_brings_no_field_of_its_own(story: Story) -> None:
    for text in lines(story, "jobs.*.jsonl"):
        line = JobLogLine.model_validate_json(text)
        assert not line.model_extra
        assert [line.event, line.worker_event, line.message].count(None) == 2
    for text in lines(story, "snapshots.jsonl"):
        assert Snapshot.model_validate_json(text).processes
    for text in lines(story, "spans.jsonl"):
        assert ParseDict(in_base64(json.loads(text)), TracesData()).resource_spans


def in_base64(value: Any) -> Any:
    """OTLP's hex ids as protobuf's own JSON wants them."""
    if isinstance(value, list):
        return [in_base64(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(each)).decode() if key in {"traceId", "spanId"} else in_base64(each)
        for key, each in value.items()
    }


@each_story
def test_every_story_has_an_ordinary_life_around_its_incident(story: Story) -> None:
    told = [JobLogLine.model_validate_json(text) for text in lines(story, "jobs.*.jsonl")]
    events = {line.event for line in told} | {line.worker_event for line in told}
    assert {"scheduled", "retry_scheduled", "requeued", "heartbeat", "stopped", "booted", "pushed_back"} <= events
    assert len({line.worker for line in told if line.worker}) > 3
    assert {line.host for line in told} == {"web-1", "worker-1", "worker-2"}
    assert len({line.version for line in told}) > 1


def test_the_stories_are_small_enough_to_be_cloned() -> None:
    sizes = {story.name: sum(map(len, written(SAMPLES / story.name).values())) for story in STORIES}
    assert max(sizes.values()) <= 1_500_000
    assert sum(sizes.values()) <= 6_000_000


@pytest.mark.parametrize(
    "folder", sorted(path for path in SAMPLES.iterdir() if path.is_dir()), ids=lambda path: path.name
)
def test_each_folder_is_told_beside_it_with_commands_that_work(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling = folder.with_suffix(".md").read_text()
    (tmp_path / "sample_logs").symlink_to(SAMPLES)
    monkeypatch.chdir(tmp_path)
    commands = [line.strip() for line in telling.splitlines() if line.startswith("    jobtrail ")]
    assert len(commands) >= 2
    for command in commands:
        done = CliRunner().invoke(cli, shlex.split(command)[1:])
        assert done.exit_code in {0, 1}, done.output


@each_story
def test_what_was_planted_is_named_in_the_telling(story: Story) -> None:
    telling = (SAMPLES / f"{story.name}.md").read_text()
    assert all(f"`{planted['rule']}`" in telling for planted in truth(story))
