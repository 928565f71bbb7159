"""A real browser on the committed page of a real service; winds, sightings and balloons are made up."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from serve_calls import Served, begun, ended, write_winds
from tests.watch_server import free_port, stamp, until

CHROMIUM = Path(os.environ.get("OVERFLIGHT_CHROMIUM", "/usr/bin/chromium"))
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
FLAGS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"]
WAIT_MS = 90_000
HOSTILE = "<img src=x onerror=\"document.title='broken in'\">"
"""A name that would run where it were taken for markup."""
SIGHTINGS = "time,lat,lon,altitude_m,object\n" + "".join(
    f'2022-11-11T{hour:02}:00:00Z,{55 + 0.02 * hour:g},{52 + hour / 1.8:.3f},15000,"{HOSTILE.replace(chr(34), chr(34) * 2)}"\n'
    for hour in (3, 6, 9)
)
BALLOONS = {HOSTILE: (52.0, -100.0, 3.0), "RISES": (48.0, 8.0, 6.0), "AT-SEA": (45.9, -59.6, 0.0)}
"""Latitude and longitude when the tests began, and metres a second that it rises."""


class Site:
    """A service on one port, which can be lost and come back, and the file of live rows that it follows."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.rows = folder, free_port(), folder.parent / f"{folder.name}.ndjson"
        self.rows.touch()
        self.began = time.time()
        self.served: Served | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self.served = begun(self.folder, "--follow", self.rows, "--rate", "0", port=self.port)

    def lose(self) -> None:
        self.served.process.kill()
        ended(self.served)

    def hear(self, ago_s: float = 0.0) -> None:
        """Add a row of each balloon; they go east."""
        at = time.time() - ago_s
        after = at - self.began
        with self.rows.open("a") as stream:
            for name, (lat, lon, rise) in BALLOONS.items():
                row = {
                    "serial": name,
                    "datetime": stamp(at),
                    "lat": lat,
                    "lon": lon + 2e-4 * after,
                    "alt": 15_000 + rise * after,
                }
                stream.write(json.dumps(row) + "\n")

    def get(self, path: str) -> Any:
        return self.served.get(path).json()


@pytest.fixture(scope="session")
def driver():
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with playwright.sync_playwright() as started:
        playwright.expect.set_options(timeout=WAIT_MS)
        yield started


@pytest.fixture(scope="session")
def chromium(driver):
    browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def mapless(driver):
    """Give a browser without WebGL: everything but the picture works there too, and it is quick."""
    browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--disable-3d-apis", "--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def winds(driver, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_winds(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def site(winds: Path) -> Iterator[Site]:
    """Give a service that has heard of balloons."""
    made = Site(winds.parent / "service")
    for ago_s in range(180, -1, -10):
        made.hear(ago_s)
    until(lambda: len(made.get("/api/live")["features"]) == len(BALLOONS))
    yield made
    made.lose()


class Opener:
    """Opens pages, and holds that nothing was refused, thrown or fetched elsewhere."""

    def __init__(self, chromium, mapless) -> None:
        self.chromium, self.mapless = chromium, mapless
        self.contexts: list[Any] = []
        self.troubles: list[str] = []

    def __call__(self, url: str, hash_: str = "", *, width: int = 680, height: int = 460, map_too: bool = True,
                 wait: bool = True, **options):  # fmt: skip
        browser = self.chromium if map_too else self.mapless
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda problem: self.troubles.append(f"thrown: {problem}"))
        page.on("console", self._said)
        page.on("request", lambda sent: self._sent(sent.url, url))
        page.goto(url + hash_)
        if wait:
            state = "ready" if map_too else "none"
            page.wait_for_selector(f"html[data-map={state}][data-regions=ready]", state="attached")
        return page

    def _said(self, said) -> None:
        """Take note of errors; that a request is answered 401 or not at all is what some tests are about."""
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.troubles.append(said.text)

    def _sent(self, to: str, url: str) -> None:
        if not to.startswith((url, "data:", "blob:")):
            self.troubles.append(f"elsewhere: {to}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        assert self.troubles == []


@pytest.fixture
def opened(chromium, mapless) -> Iterator[Opener]:
    opener = Opener(chromium, mapless)
    yield opener
    opener.close()


@pytest.fixture(scope="session")
def dropped(site: Site, chromium, mapless) -> dict[str, Any]:
    """Drop sightings on the page, and follow what becomes of them: the job, and what was seen on the way."""
    opener = Opener(chromium, mapless)
    page = opener(site.url, map_too=False)
    drop(page, f"{HOSTILE}.csv".replace("/", ""), SIGHTINGS)
    seen = {"files": page.locator("#chosen-files").inner_text()}
    for name, value in {"back": 3, "ahead": 6, "members": 20}.items():
        page.locator(f"#{name}").fill(str(value))
    page.locator("#start").click()
    seen["message"] = page.locator("#message").inner_text()
    page.locator("#report").wait_for()
    seen |= {"job": page.url.partition("job=")[2].partition("&")[0], "images": page.locator("#panel img").count()}
    opener.close()
    return seen


def drop(page, name: str, text: str) -> None:
    data = page.evaluate_handle(
        """([name, text]) => {
        const held = new DataTransfer();
        held.items.add(new File([text], name, { type: "text/csv" }));
        return held;
    }""",
        [name, text],
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": data})
    playwright.expect(page.locator("#drop")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    playwright.expect(page.locator("#drop")).to_be_hidden()
