"""How fast the pages answer: reruns of each page on a filled workspace, and the first page of a fresh server.

    python -m bench.pages --workspace .shelfgraph/workspaces/sample

Reruns are timed around the page's own script in Streamlit's test harness (no network, no browser); the first page is
timed in a real browser from opening the address to the page's title.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.common import machine, table, timed
from core.settings import REPOSITORY, settings

RERUNS = 7


def rerun_times(page: Path, workspace_id: str) -> list[float]:
    """Seconds of each of ``RERUNS`` reruns after the first run."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(page), default_timeout=120)
    app.query_params["w"] = workspace_id
    app.run()
    seconds = []
    for _rerun in range(RERUNS):
        with timed() as clock:
            app.run()
        seconds.append(clock.seconds)
    return seconds


def first_page() -> float:
    """Seconds from opening a fresh server's address to the title on screen."""
    from playwright.sync_api import sync_playwright

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(REPOSITORY / "app.py")]
    flags = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    server = subprocess.Popen(
        [*command, *flags], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.05)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-background-networking"]
            )
            page = browser.new_page()
            with timed() as clock:
                page.goto(f"http://127.0.0.1:{port}")
                page.wait_for_selector("h1.sg-title")
            browser.close()
    finally:
        server.terminate()
        server.wait()
    return clock.seconds


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--workspace", type=Path, default=settings().workspaces / "sample")
    folder = arguments.parse_args().workspace.resolve()
    os.environ["SHELFGRAPH_HOME"] = str(folder.parent.parent)
    settings.cache_clear()
    rows = []
    for page in sorted((REPOSITORY / "pages").glob("*.py")):
        seconds = rerun_times(page, folder.name)
        rows.append((page.stem, f"{statistics.median(seconds) * 1000:.0f}", f"{max(seconds) * 1000:.0f}"))
    print(table(("page", "rerun, median ms", "rerun, worst ms"), rows))
    print(f"\nFirst page of a fresh server: {first_page():.2f} s in Chromium.")
    print(machine())


if __name__ == "__main__":
    main()
