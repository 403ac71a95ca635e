"""Pictures of every page: for the README, and to look at before a change goes in.

python -m bench.screens --workspace .shelfgraph/workspaces/sample --out /tmp/screens          # all variants
python -m bench.screens --workspace .shelfgraph/workspaces/sample --out docs/pictures --readme  # light, English
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from core.settings import REPOSITORY, settings

SIZES = {"1440": (1440, 900), "390": (390, 844)}
QUIET = "[data-testid='stStatusWidget'], [data-testid='stSpinner'], [data-testid='stSkeleton']"


@contextmanager
def server(home: Path) -> Iterator[str]:
    """The app on a free port of this machine, with its own home; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    command = [sys.executable, "-m", "streamlit", "run", str(REPOSITORY / "app.py"), *flags]
    environment = {**os.environ, "SHELFGRAPH_HOME": str(home)}
    quiet = subprocess.DEVNULL
    running = subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=quiet, stdout=quiet, stderr=quiet
    )
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()


def picture(browser: Browser, url: str, file: Path, size: tuple[int, int], theme: str, full: bool) -> None:
    """Open one address, wait until it holds still, and write the picture."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
    )
    page.goto(url)
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_timeout(1500)
    for _look in range(60):
        if page.locator(QUIET).count() == 0:
            break
        page.wait_for_timeout(500)
    page.wait_for_timeout(1500)
    page.screenshot(path=file, full_page=full)
    page.close()


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=settings().workspaces / "sample")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--readme", action="store_true", help="one light picture a page, at 1440 pixels")
    parser.add_argument(
        "--pages", nargs="*", default=sorted(p.stem for p in (REPOSITORY / "pages").glob("*.py"))
    )
    parser.add_argument("--themes", nargs="*", default=["light", "dark"])
    parser.add_argument("--languages", nargs="*", default=["en", "zh"])
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    arguments = parser.parse_args()
    folder = arguments.workspace.resolve()
    arguments.out.mkdir(parents=True, exist_ok=True)
    variants = (
        [("light", "en", "1440")]
        if arguments.readme
        else [(t, lang, s) for t in arguments.themes for lang in arguments.languages for s in arguments.sizes]
    )
    with server(folder.parent.parent) as url, sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        for name in arguments.pages:
            path, _, query = name.partition("?")
            for theme, language, size in variants:
                suffix = "" if arguments.readme else f"-{theme}-{language}-{size}"
                place = "" if path == "home" else path
                address = f"{url}/{place}?w={folder.name}&lang={language}&{query}"
                file = arguments.out / f"{path}{suffix}.png"
                picture(browser, address, file, SIZES[size], theme, full=not arguments.readme)
                print(file)
        browser.close()


if __name__ == "__main__":
    main()
