"""What several flows do: wait until the app is at rest, start a build or a training, kill what runs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.catalogue.sample_data import load_sample
from core.jobs import Jobs, JobView
from core.storage.workspaces import Workspace, Workspaces

RUNS = 'document.querySelector(\'[data-testid="stApp"]\')?.dataset.testScriptState !== "notRunning"'
STILL_MS = 300
SECONDS = 240.0
"""How long a job of a flow may take where half of the machine is busy with another."""


def settled(page: Any) -> None:
    """Wait until no script runs. For after an effect was seen: whoever has seen nothing yet wants ``quiet``."""
    page.wait_for_function(f"!({RUNS})")


def quiet(page: Any) -> None:
    """Wait until no script has run for a while: for after an input whose effect cannot be seen."""
    page.evaluate("window.stillSince = null")
    page.wait_for_function(
        f"""() => {{
          const now = performance.now();
          window.stillSince = {RUNS} ? null : window.stillSince ?? now;
          return window.stillSince !== null && now - window.stillSince >= {STILL_MS};
        }}"""
    )


def until(page: Any, holds: Callable[[], object], what: str, seconds: float = 40.0) -> None:
    """Wait until something holds that is not in the page; ``what`` says what did not where it never does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, what
        page.wait_for_timeout(50)


@contextmanager
def heard(page: Any, event: str, found: Callable[[Any], Any]) -> Iterator[list[Any]]:
    """What ``found`` makes of each such event of the tab, from now to the end of the block."""
    made: list[Any] = []

    def listen(told: Any) -> None:
        made.append(found(told))

    page.on(event, listen)
    try:
        yield made
    finally:
        page.remove_listener(event, listen)


def sample(home: Path) -> Workspace:
    """A workspace of the app at ``home``, with the sample in it."""
    made = Workspaces(home / "workspaces").create("Sample")
    load_sample(made)
    return made


def start_build(page: Any, url: str, workspace: Workspace, products: int, language: str = "en") -> str:
    """Open the page, choose no language model and so many products, and press Build; gives the job's id."""
    page.goto(f"{url}/build?w={workspace.info.id}&lang={language}")
    page.locator(".st-key-build-start button").wait_for()
    page.get_by_role("combobox").nth(1).click()
    page.get_by_role("option").last.click()
    quiet(page)
    page.locator(".st-key-build-form [data-testid='stNumberInput'] input").fill(str(products))
    page.keyboard.press("Enter")
    quiet(page)
    page.locator(".st-key-build-start button").click()
    page.wait_for_url("**job=*")
    return Jobs(workspace).list("build")[0].id


def start_training(page: Any, url: str, workspace: Workspace, language: str = "en") -> str:
    """Open the page with the quick settings and press Train; gives the job's id."""
    page.goto(f"{url}/train?w={workspace.info.id}&lang={language}&preset=quick")
    page.locator(".st-key-sg-action button").wait_for()
    settled(page)
    page.locator(".st-key-sg-action button").click()
    until(page, lambda: Jobs(workspace).list("train"), "the training did not start")
    return Jobs(workspace).list("train")[0].id


def over(page: Any, workspace: Workspace, job_id: str) -> JobView:
    """The job once it has ended."""
    jobs = Jobs(workspace)
    until(page, lambda: not jobs.get(job_id).active, "the job does not end", SECONDS)
    return jobs.get(job_id)


def kill(
    app: subprocess.Popen[bytes], workspace: Workspace, job_id: str, when: Callable[[JobView], bool]
) -> None:
    """Kill app and worker at once, as soon as the job is so far."""
    jobs = Jobs(workspace)
    while not when(now := jobs.get(job_id)):
        assert now.active, "it has ended before it could be killed"
        time.sleep(0.02)
    os.kill(now.pid or 0, signal.SIGKILL)
    os.killpg(app.pid, signal.SIGKILL)
    app.wait()
