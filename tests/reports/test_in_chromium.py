"""The report in a real browser: complete, quiet, and readable on a desk and on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from reports.incident import IncidentReport
from reports.render import RENDERERS

CHROMIUM = shutil.which("chromium")
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no chromium on the path; scripts/system-packages installs it"
)


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory, three_minutes: IncidentReport) -> Path:
    file = tmp_path_factory.mktemp("page") / "incident.html"
    file.write_text(RENDERERS[".html"](three_minutes), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "no chromium on the path; scripts/system-packages installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_complete_quiet_and_fits(browser: Browser, page_file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(page_file.as_uri())
    pictures = page.locator("svg").all()
    boxes = [picture.bounding_box() for picture in pictures]
    page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    reach = page.evaluate("document.documentElement.scrollWidth")
    layout = page.evaluate("getComputedStyle(document.querySelector('.figures')).display")
    page.close()
    assert complaints == []
    assert requests == [page_file.as_uri()]
    assert len(pictures) > 5
    assert all(box and box["width"] > 0 and box["height"] > 0 for box in boxes)
    assert reach <= width
    assert layout == "grid", "the styles were refused"
