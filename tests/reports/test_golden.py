"""
The reports of fixed inputs are byte for byte what ``golden/`` holds.

After a change that is meant to change them: ``make golden``, then read the difference before committing it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from reports.render import RENDERERS
from tests.reports.golden import GOLDEN, STORIES, Story, report_on

RENEW = bool(os.environ.get("JOBTRAIL_RENEW_GOLDEN"))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_report_of_a_story_is_what_it_was(story: Story, tmp_path: Path) -> None:
    report = report_on(story, tmp_path)
    for ending in story.endings:
        written, kept = RENDERERS[ending](report).encode(), GOLDEN / f"{story.name}{ending}"
        assert str(tmp_path).encode() not in written
        if RENEW:
            kept.write_bytes(written)
        assert kept.is_file(), f"{kept.name} is missing: run 'make golden'"
        same = written == kept.read_bytes()
        assert same, f"{kept.name} has changed: run 'make golden' and read the difference"


def test_nothing_else_is_kept() -> None:
    wanted = {f"{story.name}{ending}" for story in STORIES for ending in story.endings}
    assert {kept.name for kept in GOLDEN.iterdir()} == wanted


def test_no_golden_file_holds_a_path_of_a_machine() -> None:
    for kept in GOLDEN.iterdir():
        assert not re.search(r"/(?:home|tmp|root|Users|work)/", kept.read_text(encoding="utf-8")), kept.name
