"""From a training to an explained recommendation in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.jobs import run_inline
from core.recommend.runs import list_runs
from core.stages import REGISTRY
from tests.browser.conftest import Server
from tests.browser.steps import SECONDS, over, quiet, sample, settled, start_training

pytestmark = pytest.mark.browser


def test_train_recommend_explain_down_to_the_words(page: Any, server: Server) -> None:
    workspace = sample(server.home)
    run_inline(workspace, "build", REGISTRY, {})
    over(page, workspace, start_training(page, server.url, workspace))
    (run,) = list_runs(workspace)
    page.goto(f"{server.url}/recommend?w={workspace.info.id}&lang=en")
    page.locator(".st-key-line-10").wait_for()
    assert page.locator("[class*='st-key-line-']").count() == 10
    page.locator(".st-key-line-3 [data-testid='stFeedback'] button").first.click()
    quiet(page)
    tune_and_take_along(page)
    first = page.locator(".st-key-line-1 .sg-card-title").inner_text().removeprefix("1. ")
    page.locator(".st-key-line-1").get_by_role("button", name="Why?").click()
    page.wait_for_url("**/explain?**")
    page.locator(".st-key-sg-inside").wait_for()
    settled(page)
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
        quiet(page)
        if opened.locator("[data-testid='stExpander']").count():
            break
    opened.locator("[data-testid='stExpander'] summary").first.click()
    opened.locator("mark").first.wait_for()
    workspace.close()


def tune_and_take_along(page: Any) -> None:
    """Move a slider: list and figures move, each with its reason; then download the lists of all shoppers."""
    titles = page.locator("[class*='st-key-line-'] .sg-card-title")
    before, figures = titles.all_inner_texts(), page.locator(".sg-tiles").inner_text()
    slider = page.locator(".st-key-recommend-tune").get_by_role("slider").nth(2)
    slider.focus()
    for _step in range(10):
        slider.press("ArrowRight")
    page.locator(".sg-move-up", has_text="long tail").first.wait_for()
    settled(page)
    assert titles.all_inner_texts() != before
    assert page.locator(".sg-tiles").inner_text() != figures
    assert "was" in page.locator(".sg-moves").filter(has=page.locator(".sg-move-up")).first.inner_text()
    page.locator(".st-key-recommend_export button").click()
    page.locator(".st-key-recommend_download button").wait_for(timeout=SECONDS * 1_000)
    with page.expect_download() as taken:
        page.locator(".st-key-recommend_download button").click()
    assert Path(taken.value.path()).read_bytes()[:4] == b"PAR1"
