"""Two shops in a real browser: find what they share, decide by keyboard, take it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.graph.matches import Matches, Status
from core.graph.store import GraphStore
from core.storage.workspaces import Workspaces
from tests.browser.conftest import Server
from tests.resolve_world import two_shops

pytestmark = pytest.mark.browser


def test_find_merge_and_take_back(server: Server, page: Any, tmp_path: Path) -> None:
    shop = Workspaces(server.home / "workspaces").create("Two shops")
    two_shops(shop, tmp_path)
    page.goto(f"{server.url}/resolve?w={shop.info.id}&lang=en")
    page.get_by_role("button", name="Settings").click()
    page.get_by_text("Only with something exact in common").wait_for()
    slider = page.locator(".st-key-resolve-sure [role='slider']")
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Find duplicates").click()
    page.locator(".sg-twins").first.wait_for(timeout=60_000)
    waiting = len(Matches(shop).read(Status.OPEN))
    assert waiting > 1
    assert page.locator("mark.sg-differs").count() > 1
    page.locator("h1.sg-title").click()
    page.keyboard.press("a")
    page.get_by_text("Merged: 1.").wait_for()
    assert len(GraphStore(shop).graph().merged) == 1
    page.keyboard.press("u")
    page.get_by_text("Taken back.").wait_for()
    assert not GraphStore(shop).graph().merged
    page.keyboard.press("x")
    page.get_by_text("Kept apart. It will not").wait_for()
    assert len(Matches(shop).read(Status.OPEN)) == waiting - 1
    shop.close()
