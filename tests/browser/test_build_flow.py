"""A build in a real browser: words light up, the graph grows without a jump, and nothing can make it forget."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.graph.replay import Replay
from core.jobs import Jobs, Status
from tests.browser.conftest import Server
from tests.browser.steps import SECONDS, sample, start_build, until

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


def seen(page: Any, wanted: str, seconds: float = 60.0) -> dict[str, Any]:
    """The picture once it has some of ``wanted``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state: dict[str, Any] | None = page.evaluate(WATCH)
        if state and state[wanted]:
            return state
        page.wait_for_timeout(100)
    raise AssertionError(f"no {wanted} after {seconds} s")


def shown(page: Any) -> set[str]:
    """The nodes of the picture."""
    return {key for key, _place in (page.evaluate(WATCH) or {"places": []})["places"]}


def test_the_graph_grows_without_a_jump_and_the_build_can_be_watched_again(page: Any, server: Server) -> None:
    workspace = sample(server.home)
    job_id = start_build(page, server.url, workspace, PRODUCTS)
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
    page.locator(".st-key-build-outcome").wait_for(timeout=SECONDS * 1_000)
    result = Jobs(workspace).get(job_id).result
    assert result is not None
    assert f"{result['new_facts']:,}" in page.locator(".st-key-build-outcome").inner_text()
    replay = Replay()
    replay.extend(Jobs(workspace).events(job_id, limit=100_000))
    whole = {f"{node.id}@{x},{y}" for node, (x, y) in replay.head.picture().nodes}
    until(page, lambda: shown(page) == whole, "the picture is another one")
    page.get_by_role("slider", name="Position in the build").press("Home")
    until(page, lambda: shown(page) == set(), "the picture is another one")
    page.get_by_role("slider", name="Position in the build").press("End")
    until(page, lambda: shown(page) == whole, "the picture is another one")
    workspace.close()


def test_pause_stop_and_try_again_on_a_phone_with_reloads_in_between(page: Any, server: Server) -> None:
    workspace = sample(server.home)
    job_id = start_build(page, server.url, workspace, PRODUCTS)
    jobs = Jobs(workspace)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    until(page, lambda: jobs.get(job_id).status is Status.PAUSED, "it does not pause")
    held = jobs.get(job_id).done
    page.goto(f"{server.url}/build?w={workspace.info.id}")  # without the job in the link
    page.get_by_role("button", name="Go on").wait_for()
    assert jobs.get(job_id).done == held
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Try again").wait_for()
    assert jobs.get(job_id).status is Status.CANCELLED
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Try again").click()
    in_reading_order_on_a_phone(page)
    page.locator(".st-key-build-outcome").wait_for(timeout=SECONDS * 1_000)
    assert jobs.get(job_id).status is Status.DONE
    workspace.close()


def in_reading_order_on_a_phone(page: Any) -> None:
    """While it builds."""
    seen(page, "feed")
    tops = page.evaluate(
        """() => { const root = [...document.querySelectorAll('*')].map(e => e.shadowRoot)
          .find(r => r && r.querySelector('.build'));
          return ['reading', 'side', 'graph'].map(c => root.querySelector('.' + c).getBoundingClientRect().top); }"""
    )
    assert tops == sorted(tops)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
