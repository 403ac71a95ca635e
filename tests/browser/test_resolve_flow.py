"""Two shops in a real browser: pairs side by side, decided by keyboard, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.graph.matches import Matches, Status
from core.graph.store import GraphStore
from core.jobs import run_inline
from core.stages import REGISTRY
from core.storage.workspaces import Workspaces
from tests.browser.conftest import Server
from tests.browser.steps import quiet
from tests.resolve_world import two_shops

pytestmark = pytest.mark.browser


def test_merge_keep_apart_and_take_back(server: Server, page: Any, tmp_path: Path) -> None:
    shop = Workspaces(server.home / "workspaces").create("Two shops")
    two_shops(shop, tmp_path)
    run_inline(shop, "resolve", REGISTRY, {"sure": 1.0, "doubtful": 0.3})
    page.goto(f"{server.url}/resolve?w={shop.info.id}&lang=en")
    page.locator(".sg-twins").first.wait_for()
    waiting = len(Matches(shop).read(Status.OPEN))
    assert waiting > 1
    assert page.locator("mark.sg-differs").count() > 1
    key(page, "a", "Merged: 1.")
    assert len(GraphStore(shop).graph().merged) == 1
    key(page, "u", "Taken back.")
    assert not GraphStore(shop).graph().merged
    key(page, "x", "Kept apart. It will not")
    assert len(Matches(shop).read(Status.OPEN)) == waiting - 1
    shop.close()


BUTTONS = {"a": "accept-first", "x": "apart-first", "u": "undo-last"}


def key(page: Any, letter: str, told: str) -> None:
    """Press a key on a page that holds still and whose button can hear it, and wait for what is said of it."""
    page.locator(f".st-key-resolve-{BUTTONS[letter]} button:enabled").wait_for()
    quiet(page)
    page.keyboard.press(letter)
    page.wait_for_selector(f".sg-resolve-told:has-text('{told}')")
