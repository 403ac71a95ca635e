"""A browser, and an app server of its own: free port, fresh home, shared models. One of each for a worker."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.settings import REPOSITORY
from tests.conftest import need

CHROMIUM = "/usr/bin/chromium"
START_SECONDS = 60.0
PATIENCE_MS = 60_000
"""How long a flow waits for what it expects; half of the machine may be busy with the flow beside it."""


@dataclass(frozen=True)
class Server:
    """A running app. ``home`` is its SHELFGRAPH_HOME."""

    url: str
    home: Path
    pid: int


def serve(home: Path) -> tuple[Server, subprocess.Popen[bytes]]:
    """Start the app on a free port and wait until it answers."""
    models = REPOSITORY / ".shelfgraph" / "models"
    if models.is_dir() and not (home / "models").exists():
        (home / "models").symlink_to(models)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=REPOSITORY,
        env={**os.environ, "SHELFGRAPH_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=(home / "server.log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return Server(url, home, process.pid), process
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                stop(process)
                pytest.fail((home / "server.log").read_text("utf-8", "replace")[-2000:])
            time.sleep(0.1)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and whatever it started in its session."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One app for all browser tests; each makes workspaces of its own in it."""
    running, process = serve(tmp_path_factory.mktemp("home"))
    yield running
    stop(process)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, headless; skips with the reason where it is missing, fails on CI."""
    need(
        Path(CHROMIUM).exists() or shutil.which("chromium") is not None,
        f"There is no Chromium at {CHROMIUM}.",
    )
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def desk(chromium: Any) -> Iterator[Any]:
    """The tab of ``page``, kept for all visits."""
    yield from _tab(chromium)


@pytest.fixture(scope="session")
def pocket(chromium: Any) -> Iterator[Any]:
    """The tab of ``phone``, kept for all visits."""
    yield from _tab(chromium, has_touch=True)


@pytest.fixture
def page(desk: Any) -> Iterator[Any]:
    """A first visit at 1440 × 900 in the light theme."""
    yield from _visit(desk, 1440, 900)


@pytest.fixture
def phone(pocket: Any) -> Iterator[Any]:
    """A first visit at 390 × 844, touched, in the light theme unless it asks for the dark one."""
    yield from _visit(pocket, 390, 844)


def _tab(chromium: Any, **options: Any) -> Iterator[Any]:
    context = chromium.new_context(locale="en-US", **options)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def _visit(tab: Any, width: int, height: int) -> Iterator[Any]:
    """A visitor who was never here: of former ones the tab has nothing left but the files of the app, read and
    compiled, which are two thirds of what opening a page in a new tab takes."""
    tab.set_viewport_size({"width": width, "height": height})
    tab.emulate_media(color_scheme="light")
    tab.mouse.move(0, 0)
    yield tab
    for other in tab.context.pages[1:]:
        other.close()
    if tab.url.startswith("http"):
        tab.evaluate("localStorage.clear(), sessionStorage.clear()")
    tab.goto("about:blank")
    tab.context.clear_cookies()
