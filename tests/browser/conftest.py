"""A browser, and an app server of its own: free port, fresh home, shared models."""

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
START_SECONDS = 40.0


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


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """A fresh visit at 1440 × 900 in the light theme."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light", locale="en-US"
    )
    visit = context.new_page()
    visit.set_default_timeout(40_000)
    yield visit
    context.close()
