"""From a training to an explained recommendation in a real browser, through a kill of app and worker."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.catalogue.sample_data import load_sample
from core.jobs import Jobs, Status, run_inline
from core.recommend.runs import list_runs
from core.stages import REGISTRY
from core.storage.workspaces import Workspace, Workspaces
from tests.browser.conftest import Server, serve, stop

pytestmark = pytest.mark.browser

IDLE = '!document.querySelector(\'[data-testid="stApp"][data-test-script-state="running"]\')'


def built(home: Path) -> Workspace:
    """The sample with a graph, read without a language model."""
    made = Workspaces(home / "workspaces").create("Sample")
    load_sample(made)
    run_inline(made, "build", REGISTRY, {})
    return made


@pytest.fixture(scope="module")
def workspace(server: Server) -> Iterator[Workspace]:
    made = built(server.home)
    yield made
    made.close()


def train(page: Any, url: str, workspace: Workspace, language: str = "en", preset: str = "quick") -> str:
    page.goto(f"{url}/train?w={workspace.info.id}&lang={language}&preset={preset}")
    page.locator(".st-key-sg-action button").wait_for()
    page.wait_for_function(IDLE)
    page.locator(".st-key-sg-action button").click()
    until = time.monotonic() + 20
    while not (jobs := Jobs(workspace).list("train")):
        assert time.monotonic() < until, "the training did not start"
        time.sleep(0.1)
    return jobs[0].id


def over(workspace: Workspace, job_id: str, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while Jobs(workspace).get(job_id).active:
        assert time.monotonic() < until, "the training does not end"
        time.sleep(0.2)


def test_train_recommend_explain_down_to_the_words(page: Any, server: Server, workspace: Workspace) -> None:
    job_id = train(page, server.url, workspace)
    over(workspace, job_id)
    (run,) = list_runs(workspace)
    page.goto(f"{server.url}/recommend?w={workspace.info.id}&lang=en")
    page.locator(".st-key-line-10").wait_for()
    assert page.locator("[class*='st-key-line-']").count() == 10
    page.locator(".st-key-line-3 [data-testid='stFeedback'] button").first.click()
    page.wait_for_function(IDLE)
    tune_and_take_along(page)
    first = page.locator(".st-key-line-1 .sg-card-title").inner_text().removeprefix("1. ")
    page.locator(".st-key-line-1").get_by_role("button", name="Why?").click()
    page.wait_for_url("**/explain?**")
    page.locator(".st-key-sg-inside").wait_for()
    page.wait_for_function(IDLE)
    assert first[:40] in page.locator(".sg-state").inner_text()
    assert run.name in page.locator(".sg-state").inner_text()
    for panel in ("explain_waterfall", "explain_lime"):
        assert page.locator(f".st-key-{panel} .js-plotly-plot").count() == 1
    assert page.locator("[data-testid='stMetricValue']").count() >= 4
    opened = page.locator(".st-key-sg-inside")
    for group in (
        opened.get_by_role("radio", name=re.compile("^Facts")).all()
        or opened.get_by_role("button", name=re.compile("^Facts")).all()
    ):
        group.click()
        page.wait_for_function(IDLE)
        page.wait_for_timeout(300)
        if opened.locator("[data-testid='stExpander']").count():
            break
    opened.locator("[data-testid='stExpander'] summary").first.click()
    opened.locator("mark").first.wait_for()


def tune_and_take_along(page: Any) -> None:
    """Move a slider: list and figures move, each with its reason; then download the lists of all shoppers."""
    titles = page.locator("[class*='st-key-line-'] .sg-card-title")
    before, figures = titles.all_inner_texts(), page.locator(".sg-tiles").inner_text()
    slider = page.locator(".st-key-recommend-tune").get_by_role("slider").nth(2)
    slider.focus()
    for _step in range(10):
        slider.press("ArrowRight")
    page.locator(".sg-move-up", has_text="long tail").first.wait_for()
    page.wait_for_function(IDLE)
    assert titles.all_inner_texts() != before
    assert page.locator(".sg-tiles").inner_text() != figures
    assert "was" in page.locator(".sg-moves").filter(has=page.locator(".sg-move-up")).first.inner_text()
    page.locator(".st-key-recommend_export button").click()
    page.locator(".st-key-recommend_download button").wait_for(timeout=60_000)
    with page.expect_download() as taken:
        page.locator(".st-key-recommend_download button").click()
    assert Path(taken.value.path()).read_bytes()[:4] == b"PAR1"


def test_killing_app_and_worker_only_delays_a_training(page: Any, tmp_path: Path) -> None:
    running, process = serve(tmp_path)
    workspace = built(tmp_path)
    try:
        job_id = train(page, running.url, workspace, "zh", "balanced")
        jobs = Jobs(workspace)
        while not (now := jobs.get(job_id)).message.startswith("epoch"):
            assert now.active
            time.sleep(0.05)
        os.kill(now.pid or 0, signal.SIGKILL)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        before = now.done
        running, process = serve(tmp_path)
        page.goto(f"{running.url}/train?w={workspace.info.id}&lang=zh")
        over(workspace, job_id)
        ended = jobs.get(job_id)
        assert (ended.status, ended.attempt) == (Status.DONE, 2)
        (run,) = list_runs(workspace)
        assert run.status == "done"
        assert before >= 1
        page.get_by_text(run.name).first.wait_for()
    finally:
        stop(process)
        workspace.close()
