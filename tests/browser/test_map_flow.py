"""The map in a real browser: every node is drawn, a click enters a community and moves nothing, growth plays."""

from __future__ import annotations

from typing import Any

import pytest

from core.graph.store import GraphStore
from core.storage.workspaces import Workspaces
from tests.browser.conftest import Server
from tests.graph_world import fill

pytestmark = pytest.mark.browser
FRAME = """[...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')]
  .map((e) => e.shadowRoot?.querySelector('.frame')).find((f) => f?.picture?.places)"""


def test_a_click_enters_a_community_and_the_places_stay(page: Any, server: Server) -> None:
    shop = Workspaces(server.home / "workspaces").create("Mapped shop")
    fill(shop)
    page.goto(f"{server.url}/map?w={shop.info.id}&lang=en")
    page.wait_for_function(f"() => {FRAME}?.picture.names")
    before = page.evaluate(f"() => Array.from({FRAME}.picture.places.px)")
    assert len(before) == len(GraphStore(shop).graph().nodes)
    x, y = page.evaluate(
        f"""() => {{
          const p = {FRAME}.picture, [cx, cy, r] = p.places.communities[0];
          const box = p.stage.getBoundingClientRect();
          return [box.left + (cx - p.view.x) * p.view.s + p.size.w / 2,
                  box.top + (cy + r * 0.97 - p.view.y) * p.view.s + p.size.h / 2];
        }}"""
    )
    page.mouse.click(x, y)
    page.wait_for_url("**c=0*")
    page.wait_for_function(f"() => {FRAME}?.picture.data.opened === 0")
    assert page.evaluate(f"() => Array.from({FRAME}.picture.places.px)") == before
    page.keyboard.press("Escape")
    page.wait_for_function(f"() => {FRAME}?.picture.data.opened === -1")
    page.get_by_role("slider").fill("0")
    assert page.evaluate(f"() => {FRAME}.picture.step") == 0
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save this picture (PNG)").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
