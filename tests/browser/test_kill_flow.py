"""App and worker are killed in the middle of a build and of a training: both end as if nothing had happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.jobs import Status, run_inline
from core.recommend.runs import list_runs
from core.stages import REGISTRY
from tests.browser.conftest import serve, stop
from tests.browser.steps import SECONDS, kill, over, sample, start_build, start_training

pytestmark = pytest.mark.browser

PRODUCTS = 40


def test_killing_app_and_worker_only_delays_a_build_and_a_training(page: Any, tmp_path: Path) -> None:
    whole, workspace = sample(tmp_path / "whole"), sample(tmp_path)
    app = f"w={workspace.info.id}&lang=zh"
    running, process = serve(tmp_path)
    try:
        build = start_build(page, running.url, workspace, PRODUCTS, "zh")
        kill(process, workspace, build, lambda job: job.message == "tagger" and job.done >= 10)
        running, process = serve(tmp_path)
        page.goto(f"{running.url}/build?{app}")
        framed_although_nobody_was_here_before(page)
        page.locator(".st-key-build-outcome").wait_for(timeout=SECONDS * 1_000)
        ended = over(page, workspace, build)
        assert (ended.status, ended.attempt) == (Status.DONE, 2)
        assert "件商品" in page.locator(".st-key-build-outcome").inner_text()
        uninterrupted = run_inline(whole, "build", REGISTRY, {"n_products": PRODUCTS})
        assert ended.result is not None
        assert ended.result["graph_hash"] == uninterrupted["graph_hash"]

        training = start_training(page, running.url, workspace, "zh")
        kill(process, workspace, training, lambda job: job.message.startswith("epoch"))
        running, process = serve(tmp_path)
        page.goto(f"{running.url}/train?{app}")
        ended = over(page, workspace, training)
        assert (ended.status, ended.attempt) == (Status.DONE, 2)
        (run,) = list_runs(workspace)
        assert run.status == "done"
        page.get_by_text(run.name).first.wait_for()
    finally:
        stop(process)
        workspace.close()
        whole.close()


def framed_although_nobody_was_here_before(page: Any) -> None:
    """Streamlit runs a page's file without app.py when nobody has called st.navigation yet."""
    page.locator(".st-key-sg-nav-trust a").first.wait_for()
    assert page.locator(".st-key-sg-chain").count() == 1
    assert page.locator("[data-testid=stSidebarNav]").count() == 0
