"""A build in a real browser: words light up, the graph grows without a jump, and nothing can make it forget."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from core.catalogue.sample_data import load_sample
from core.graph.replay import Replay
from core.jobs import Jobs, Status
from core.storage.workspaces import Workspace, Workspaces
from tests.browser.conftest import Server, serve, stop

pytestmark = pytest.mark.browser

PRODUCTS = 60
WATCH = """() => {
  const root = [...document.querySelectorAll('*')].map(e => e.shadowRoot).find(r => r && r.querySelector('.build'));
  if (!root) return null;
  const text = (slot) => root.querySelector(`[data-slot="${slot}"]`);
  const nodes = [...root.querySelectorAll('.node:not(.gone)')];
  return {
    places: nodes.map(n => [n.dataset.id, n.getAttribute('transform')]),
    title: root.querySelector('.text.lead')?.textContent ?? '',
    lit: root.querySelectorAll('mark').length,
    feed: root.querySelectorAll('.feed li strong').length,
    figures: text('figures').textContent,
    top: root.querySelector('.build').getBoundingClientRect().top + window.scrollY,
  };
}"""


def sample(home: Path) -> Workspace:
    made = Workspaces(home / "workspaces").create("Sample")
    load_sample(made)
    return made


def start(page: Any, url: str, workspace: Workspace, language: str = "en") -> str:
    """Open the page, choose no language model and some products, and press Build; gives the job's id."""
    page.goto(f"{url}/build?w={workspace.info.id}&lang={language}")
    page.locator(".st-key-build-start button").wait_for(timeout=60_000)
    page.get_by_role("combobox").nth(1).click()
    page.get_by_role("option").last.click()
    rest(page)
    page.locator(".st-key-build-form [data-testid='stNumberInput'] input").fill(str(PRODUCTS))
    page.keyboard.press("Enter")
    rest(page)
    page.locator(".st-key-build-start button").click()
    page.wait_for_url("**job=*")
    return Jobs(workspace).list("build")[0].id


def rest(page: Any) -> None:
    """Wait until the page has been drawn."""
    page.wait_for_timeout(300)
    page.wait_for_function(
        '!document.querySelector(\'[data-testid="stApp"][data-test-script-state="running"]\')',
        timeout=60_000,
    )


def seen(page: Any, wanted: str, seconds: float = 30.0) -> dict[str, Any]:
    """The picture once it has some of ``wanted``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        state: dict[str, Any] | None = page.evaluate(WATCH)
        if state and state[wanted]:
            return state
        page.wait_for_timeout(100)
    raise AssertionError(f"no {wanted} after {seconds} s")


def settles(page: Any, nodes: set[str], seconds: float = 20.0) -> None:
    """Wait until exactly these nodes are shown."""
    until = time.monotonic() + seconds
    while {key for key, _place in (page.evaluate(WATCH) or {"places": []})["places"]} != nodes:
        assert time.monotonic() < until, "the picture is another one"
        page.wait_for_timeout(100)


def test_the_graph_grows_without_a_jump_and_the_build_can_be_watched_again(page: Any, server: Server) -> None:
    workspace = sample(server.home)
    job_id = start(page, server.url, workspace)
    first = seen(page, "feed")
    before, top, lit = dict(first["places"]), first["top"], 0
    while Jobs(workspace).get(job_id).active:
        state = page.evaluate(WATCH)
        if state is None:
            break
        now = dict(state["places"])
        assert all(now[node] == before[node] for node in now.keys() & before.keys()), "a node has moved"
        assert abs(state["top"] - top) < 2, "the page has jumped"
        before, lit = now, max(lit, state["lit"])
        page.wait_for_timeout(250)
    assert lit > 0, "words were lit while it ran"
    page.locator(".st-key-build-outcome").wait_for(timeout=120_000)
    result = Jobs(workspace).get(job_id).result
    assert result is not None
    assert f"{result['new_facts']:,}" in page.locator(".st-key-build-outcome").inner_text()
    replay = Replay()
    replay.extend(Jobs(workspace).events(job_id, limit=100_000))
    whole = {f"{node.id}@{x},{y}" for node, (x, y) in replay.head.picture().nodes}
    settles(page, whole)
    page.get_by_role("slider", name="Position in the build").press("Home")
    settles(page, set())
    page.get_by_role("slider", name="Position in the build").press("End")
    settles(page, whole)
    workspace.close()


def test_killing_app_and_worker_only_delays_a_build(page: Any, tmp_path: Path) -> None:
    whole = sample(tmp_path / "whole")
    running, process = serve(tmp_path)
    workspace = sample(tmp_path)
    try:
        job_id = start(page, running.url, workspace, "zh")
        jobs = Jobs(workspace)
        while (now := jobs.get(job_id)).message != "tagger" or now.done < 10:
            assert now.active
            time.sleep(0.02)
        os.kill(now.pid or 0, signal.SIGKILL)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        running, process = serve(tmp_path)
        page.goto(f"{running.url}/build?w={workspace.info.id}&lang=zh")
        page.locator(".st-key-build-outcome").wait_for(timeout=120_000)
        ended = jobs.get(job_id)
        assert (ended.status, ended.attempt) == (Status.DONE, 2)
        assert ended.result is not None
        assert "件商品" in page.locator(".st-key-build-outcome").inner_text()
        assert ended.result["graph_hash"] == uninterrupted(whole)
    finally:
        stop(process)
        workspace.close()
        whole.close()


def uninterrupted(workspace: Workspace) -> str:
    from core.jobs import run_inline
    from core.stages import REGISTRY

    return str(run_inline(workspace, "build", REGISTRY, {"n_products": PRODUCTS})["graph_hash"])


def test_pause_stop_and_try_again_from_the_page_with_reloads_in_between(page: Any, server: Server) -> None:
    workspace = sample(server.home)
    job_id = start(page, server.url, workspace)
    jobs = Jobs(workspace)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    until = time.monotonic() + 20
    while jobs.get(job_id).status is not Status.PAUSED:
        assert time.monotonic() < until
        time.sleep(0.05)
    held = jobs.get(job_id).done
    page.goto(f"{server.url}/build?w={workspace.info.id}")  # without the job in the link
    page.get_by_role("button", name="Go on").wait_for()
    assert jobs.get(job_id).done == held
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Try again").wait_for()
    assert jobs.get(job_id).status is Status.CANCELLED
    page.get_by_role("button", name="Try again").click()
    page.locator(".st-key-build-outcome").wait_for(timeout=120_000)
    assert jobs.get(job_id).status is Status.DONE
    workspace.close()


def test_on_a_phone_the_panes_stand_in_reading_order(page: Any, server: Server) -> None:
    workspace = sample(server.home)
    page.set_viewport_size({"width": 390, "height": 844})
    job_id = start(page, server.url, workspace)
    seen(page, "feed")
    tops = page.evaluate(
        """() => { const root = [...document.querySelectorAll('*')].map(e => e.shadowRoot)
          .find(r => r && r.querySelector('.build'));
          return ['reading', 'side', 'graph'].map(c => root.querySelector('.' + c).getBoundingClientRect().top); }"""
    )
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    Jobs(workspace).cancel(job_id)
    workspace.close()
