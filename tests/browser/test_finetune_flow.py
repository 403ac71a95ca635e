"""A fine-tuning in a real browser: facts of the sample in, curves while it learns, an adapter that can be chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from core.jobs import run_inline
from core.stages import REGISTRY
from tests import tiny_model
from tests.browser.conftest import Server
from tests.browser.steps import SECONDS, sample

pytestmark = pytest.mark.browser


@pytest.fixture
def tiny(server: Server) -> Iterator[None]:
    """A tiny model on the installation's list."""
    tiny_model.configure(server.home, tiny_model.make(server.home / "tiny"))
    yield
    (server.home / "models.yaml").unlink()


@pytest.mark.usefixtures("tiny")
def test_facts_become_lessons_and_lessons_an_adapter(page: Any, server: Server) -> None:
    shop = sample(server.home)
    run_inline(shop, "build", REGISTRY, {"n_products": 40})
    query = urlencode({"w": shop.info.id, "lang": "en"})
    page.goto(f"{server.url}/finetune?{query}")
    page.get_by_role("button", name="New fine-tuning").click()
    page.get_by_label("Model", exact=True).first.click()
    page.get_by_role("option", name="tiny").click()
    page.get_by_role("radio", name="All facts that stand").click()
    page.wait_for_selector("text=make")
    page.get_by_label("Name", exact=True).fill("first try")
    page.get_by_text("More settings").click()
    page.get_by_role("spinbutton", name="Most steps").fill("2")
    page.keyboard.press("Enter")
    page.wait_for_selector(".st-key-finetune-start button:not([disabled])")
    page.get_by_role("button", name="Fine-tune", exact=True).click()
    page.wait_for_selector(".sg-tune-meters")
    page.wait_for_selector(".sg-tune-card:has-text('tiny+first-try')", timeout=SECONDS * 1_000)
    page.wait_for_selector(".js-plotly-plot")
    assert page.locator(".sg-tune-card").first.inner_text().count("2 in") == 1
    page.locator("a[href*=first-try]", has_text="Read with it").click()
    page.wait_for_selector("h1.sg-title")
    page.wait_for_function(
        "() => [...document.querySelectorAll('input')].some(one => one.value === 'tiny + first-try')"
    )
