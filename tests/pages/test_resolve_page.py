"""The Resolve page without a browser: pairs side by side, merged, kept apart, taken back, in bulk."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalogue.ingest import ingest
from core.graph.matches import Matches, Status
from core.graph.store import GraphStore
from core.jobs import Jobs
from core.jobs.worker import run_inline
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.page_world import open_page
from tests.resolve_world import left, right, two_shops, write

PAIR = "product:a0~product:b0"


@pytest.fixture
def shops(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Two shops, compared; everything waits for a person."""
    two_shops(workspace, tmp_path)
    run_inline(workspace, "resolve", REGISTRY, {"sure": 1.0, "doubtful": 0.5})
    return workspace


def said(test: AppTest) -> str:
    parts = [element.value for kind in (test.markdown, test.caption) for element in kind]
    return "\n".join(map(str, [*parts, *(html.proto.body for html in test.get("html"))]))


def press(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click()
    test.run()
    assert not test.exception, test.exception
    return test


def test_before_the_first_run_it_says_what_will_be_here(workspace: Workspace, tmp_path: Path) -> None:
    assert "Import a catalogue first" in said(open_page("resolve", workspace))
    two_shops(workspace, tmp_path)
    test = press(open_page("resolve", workspace), "resolve-run")
    assert test.query_params["job"]
    job = Jobs(workspace).list("resolve", limit=1)[0]
    assert job.params["sure"] == 0.95
    Jobs(workspace).cancel(job.id)


def test_a_pair_is_shown_with_what_differs_and_why(shops: Workspace) -> None:
    words = said(open_page("resolve", shops))
    assert '<mark class="sg-differs">by</mark>' in words
    assert "same model number" in words
    assert "ahead of other candidates" in words
    assert "<strong>12</strong> to review" in words


def test_merge_keep_apart_and_take_back(shops: Workspace) -> None:
    test = open_page("resolve", shops, me="Lin")
    press(test, "resolve-accept-first")
    assert len(GraphStore(shops).graph().merged) == 1
    assert Matches(shops).read(Status.MERGED)[0].actor == "Lin"
    press(test, "resolve-undo-last")
    assert not GraphStore(shops).graph().merged
    press(test, "resolve-apart-first")
    assert len(Matches(shops).read(Status.APART)) == 1
    assert "<strong>11</strong> to review" in said(test)


def test_bulk_asks_once_more(shops: Workspace) -> None:
    test = open_page("resolve", shops)
    test.slider(key="resolve-from").set_value(50).run()
    press(test, "resolve-accept-all")
    assert not GraphStore(shops).graph().merged
    press(test, "resolve-confirm-yes")
    assert len(GraphStore(shops).graph().merged) == 12
    assert "Nothing is left to review" in said(test)


def test_a_merge_made_by_itself_is_undone_for_good(workspace: Workspace, tmp_path: Path) -> None:
    two_shops(workspace, tmp_path)
    run_inline(workspace, "resolve", REGISTRY, {"sure": 0.5})
    test = open_page("resolve", workspace, show="merged")
    press(test, f"resolve-undo-{PAIR}")
    assert "product:b0" not in GraphStore(workspace).graph().merged
    found = Matches(workspace).get("product:a0", "product:b0")
    assert found is not None
    assert found.status is Status.APART


def test_hostile_titles_stay_words(workspace: Workspace, tmp_path: Path) -> None:

    rows = [{**row, "title": f"{row['title']} a < b <x1"} for row in (left(1), right(1))]
    ingest(workspace, write(tmp_path / "one.csv", rows[:1]))
    ingest(workspace, write(tmp_path / "two.csv", rows[1:]))
    run_inline(workspace, "resolve", REGISTRY, {"sure": 1.0, "doubtful": 0.05})
    words = said(open_page("resolve", workspace))
    assert "&lt;" in words
    assert "<x1" not in words
