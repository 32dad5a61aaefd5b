"""What a wheel holds: four packages with all their files, one command, and a mark that keeps it off the index."""

from __future__ import annotations

import shutil
import subprocess
import sys
from configparser import ConfigParser
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"analysis", "ingest", "jobrunner", "reports"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, copy]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return ZipFile(next(folder.glob("*.whl")))


def metadata(wheel: ZipFile, name: str) -> str:
    return wheel.read(next(entry for entry in wheel.namelist() if entry.endswith(f".dist-info/{name}"))).decode()


def test_the_wheel_holds_every_file_of_the_four_packages_and_nothing_else(wheel: ZipFile) -> None:
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = {
        path.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == files


def test_the_wheel_installs_one_command(wheel: ZipFile) -> None:
    scripts = ConfigParser()
    scripts.read_string(metadata(wheel, "entry_points.txt"))
    assert {section: dict(scripts[section]) for section in scripts.sections()} == {
        "console_scripts": {"jobtrail": "reports.entry:main"}
    }


def test_the_wheel_cannot_be_uploaded(wheel: ZipFile) -> None:
    assert message_from_string(metadata(wheel, "METADATA")).get_all("Classifier") == ["Private :: Do Not Upload"]
