"""The Schema page in a real browser: proposed, typed into the grid, refused at its line, saved, taken back."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from core.jobs.worker import run_inline
from core.stages import REGISTRY
from core.stages.build_plan import schema_of
from core.stages.schema_versions import in_force, versions
from core.storage.workspaces import Workspace
from tests.browser.conftest import Server
from tests.browser.steps import quiet, sample

pytestmark = pytest.mark.browser

HEADER, ROW, MARKER, POSITION = 35, 35, 34, 58


@pytest.fixture
def shop(server: Server) -> Workspace:
    return sample(server.home)


def state(page: Any, text: str) -> None:
    page.locator("p.sg-state", has_text=text).wait_for()
    quiet(page)


def type_labels(page: Any, *texts: str) -> None:
    """Type into the English labels from the first row down, as a person does: Enter, type, Enter."""
    box = page.locator('[data-testid="stDataFrame"] canvas').first.bounding_box()
    page.mouse.click(box["x"] + MARKER + POSITION + 30, box["y"] + HEADER + ROW / 2)
    editor = page.locator("textarea.gdg-input")
    for text in texts:
        # The table takes a key only once it has drawn what came before.
        for _attempt in range(5):
            page.keyboard.press("Enter")
            page.wait_for_timeout(1_500)
            if editor.count():
                break
        editor.fill(text)
        editor.press("Enter")
        editor.wait_for(state="detached")


def turn(page: Any, name: str) -> None:
    page.get_by_role("radio", name=name).click()
    quiet(page)


def put_in_force(page: Any, shop: Workspace) -> None:
    """Press until it is done, as a person would whose press went beside a button that moved."""
    button = page.get_by_role("button", name="Put it in force")
    for _attempt in range(3):
        button.click()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if not in_force(shop).own:
                return
            page.wait_for_timeout(200)
    raise AssertionError("the version is not in force")


def test_a_schema_is_proposed_edited_saved_built_with_and_taken_back(
    page: Any, server: Server, shop: Workspace
) -> None:
    page.goto(f"{server.url}/schema?w={shop.info.id}&lang=en&c=Audio&view=propose")
    page.locator("ul.sg-quotes mark", has_text="40-hour").wait_for()
    quiet(page)
    for label in page.locator('[class*="st-key-schema-proposal-"] label').all():
        if label.locator("input").is_checked() != (label.inner_text().strip() == "Run time"):
            label.click()
            quiet(page)
    page.get_by_role("button", name="Add the ticked (1)").click()
    state(page, "attributes added: 1")
    top = page.locator('[data-testid="stDataFrame"]').bounding_box()["y"]
    type_labels(page, "Maker", "Kind")
    state(page, "unsaved changes")
    assert page.locator('[data-testid="stDataFrame"]').bounding_box()["y"] == top, "nothing jumps"

    turn(page, "YAML")
    text = page.locator("textarea")
    good = text.input_value()
    assert "label: {en: Maker" in good
    assert "label: {en: Kind" in good
    text.fill(good.replace("unit: h", "unit: hourz"))
    text.press("Control+Enter")
    page.locator(".sg-remark", has_text="“hourz” is unknown").wait_for()
    quiet(page)
    line = next(at for at, one in enumerate(text.input_value().splitlines(), 1) if "unit: hourz" in one)
    assert f"Line {line}" in page.locator(".sg-remark").inner_text()
    assert page.get_by_role("button", name="Save…").is_disabled()
    text.fill(good)
    text.press("Control+Enter")
    page.locator(".sg-remark").wait_for(state="detached")
    quiet(page)

    page.get_by_role("button", name="Save…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("New attribute: Run time").wait_for()
    assert "Maker, label: Brand / 品牌 → Maker / 品牌" in dialog.inner_text()
    dialog.locator("input[type=text]").fill("what audio needs")
    dialog.get_by_role("button", name="Save version").click()
    state(page, "is in force")
    assert dialog.count() == 0
    asked = {attribute.relation: attribute for attribute in schema_of(shop, "shop").attributes("Audio")}
    assert asked["runTime"].unit == "h"
    assert asked["brand"].named("en") == "Maker"
    assert versions(shop)[0].note == "what audio needs"

    run_inline(shop, "build", REGISTRY, {"n_products": 5, "reviews": False})
    page.reload()
    state(page, "the graph was read with it")
    turn(page, "Versions")
    page.get_by_text(re.compile("No longer an attribute: Run time")).wait_for()
    # The table of versions is drawn late and moves what is below it: until then a press may miss.
    page.locator('[data-testid="stDataFrame"] canvas').first.wait_for()
    quiet(page)
    put_in_force(page, shop)
    page.get_by_role("button", name="Build again with it").wait_for()
    shop.close()
