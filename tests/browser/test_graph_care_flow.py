"""Looking after a graph in a browser: it is taken along, a finding leads to its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.graph.store import GraphStore
from core.jobs import run_inline
from core.stages import REGISTRY
from core.storage.workspaces import Workspaces
from tests.browser.conftest import Server
from tests.graph_world import fill
from tests.quality_world import fill_shelves

pytestmark = pytest.mark.browser


def test_a_graph_taken_along_is_the_same_in_another_workspace(
    server: Server, page: Any, tmp_path: Path
) -> None:
    known = Workspaces(server.home / "workspaces")
    shop = known.create("Taken along")
    fill(shop)
    page.goto(f"{server.url}/exchange?w={shop.info.id}&lang=en&view=take")
    page.locator(".st-key-exchange-make-turtle button").click()
    with page.expect_download() as taken:
        page.locator(".st-key-exchange-download-turtle button").click()
    file = tmp_path / taken.value.suggested_filename
    taken.value.save_as(file)
    there = known.create("Elsewhere")
    before = {info.id for info in known.list()}
    page.goto(f"{server.url}/exchange?w={there.info.id}&lang=en&view=bring")
    page.locator("input[type=file]").set_input_files(file)
    page.locator(".st-key-exchange-bring button").click()
    page.locator(".sg-exchange-done").wait_for()
    (new,) = {info.id for info in known.list()} - before
    assert GraphStore(known.open(new)).graph().hash == GraphStore(shop).graph().hash


def test_a_finding_leads_to_the_evidence_that_mends_it(server: Server, page: Any) -> None:
    shop = Workspaces(server.home / "workspaces").create("Checked shelves")
    fill_shelves(shop)
    run_inline(shop, "check", REGISTRY, {"embedding": False, "most_contradictions": 0.0})
    page.goto(f"{server.url}/quality?w={shop.info.id}&lang=en&kind=contradiction")
    page.locator(".st-key-quality-finding-0 a").click()
    page.wait_for_url("**/review?*at=*")
    page.get_by_text("Elder").first.wait_for()
