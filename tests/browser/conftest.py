"""A real browser on the committed page, against a small server of synthetic data on loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import synthetic

CHROMIUM = Path(os.environ.get("OVERFLIGHT_CHROMIUM", "/usr/bin/chromium"))
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
FLAGS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"]
WAIT_MS = 30_000


class Server:
    """The contract server in a process of its own, so that it can be lost and come back on the same port."""

    def __init__(self, regions: Path, *arguments: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.arguments = ["--regions", str(regions), *arguments]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            str(Path(__file__).with_name("contract_server.py")),
            "--port",
            str(self.port),
            *self.arguments,
        ]
        self.process = subprocess.Popen(command)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(self.url, timeout=5).is_success:
                    return
            time.sleep(0.05)
        raise AssertionError("the contract server does not answer")

    def lose(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("regions") / "regions.geojson"
    synthetic.write_regions(path, 0.5)
    return path


@pytest.fixture(scope="session")
def driver():
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with playwright.sync_playwright() as started:
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
def server(driver, regions: Path) -> Iterator[Server]:
    running = Server(regions)
    yield running
    running.lose()


@pytest.fixture
def own_server(driver, regions: Path) -> Iterator[Callable[..., Server]]:
    """Make a server that the test may end."""
    made: list[Server] = []

    def make(*arguments: str) -> Server:
        made.append(Server(regions, *arguments))
        return made[-1]

    yield make
    for one in made:
        one.lose()


@pytest.fixture
def opened(chromium, mapless):
    """Open a page, wait for its map, and hold in the end that nothing was refused, thrown or fetched elsewhere."""
    contexts, troubles = [], []

    def open_page(
        url: str,
        hash_: str = "",
        *,
        width: int = 680,
        height: int = 460,
        map_too: bool = True,
        wait: bool = True,
        **options,
    ):
        browser = chromium if map_too else mapless
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda problem: troubles.append(f"thrown: {problem}"))
        page.on("console", lambda said: troubles.append(said.text) if "Content Security Policy" in said.text else None)
        page.on(
            "request",
            lambda sent: (
                None if sent.url.startswith((url, "data:", "blob:")) else troubles.append(f"elsewhere: {sent.url}")
            ),
        )
        page.goto(url + hash_)
        if not wait:
            return page
        page.wait_for_selector(f"html[data-map={'ready' if map_too else 'none'}][data-regions=ready]", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []
