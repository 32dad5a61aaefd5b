#!/usr/bin/env python3
"""Write the stories of sample_logs/ anew, and what was planted in them beside the tests."""

from __future__ import annotations

import json
from pathlib import Path

from jobrunner.scenarios import STORIES

ROOT = Path(__file__).parent.parent

for story in STORIES:
    planted = story.write(ROOT / "sample_logs" / story.name)
    truth = ROOT / "tests" / "truth" / "stories" / f"{story.name}.json"
    truth.write_text(json.dumps({"planted": planted}, indent=2) + "\n", encoding="utf-8")
