"""The Exchange page without a browser: queries and their answers, files out, files in, and what goes wrong."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from core.graph.exchange.files import make
from core.graph.exchange.formats import FORMATS
from core.graph.exchange.model import NOT_CARRIED
from core.graph.log import Log
from core.graph.store import GraphStore
from core.jobs import Jobs
from core.settings import settings
from core.storage.workspaces import Workspace, Workspaces
from core.ui.session import workspaces
from core.ui.text import has
from tests.graph_world import fill
from tests.page_world import open_page

opened = partial(open_page, "exchange")


def said(test: AppTest) -> str:
    parts = [str(element.value) for element in (*test.markdown, *test.caption)]
    parts += [str(html.proto.body) for html in test.get("html")]
    return "\n".join([*parts, *(button.label for button in test.button)])


def test_an_empty_workspace_offers_to_build_or_to_bring_a_graph_in(workspace: Workspace) -> None:
    for view in ("", "take"):
        test = opened(workspace, view=view)
        assert "There is no graph to ask" in said(test)
        assert {"Build the graph", "Bring in"} <= {button.label for button in test.button}
    assert "Every quote is looked up" in said(opened(workspace, view="bring"))


@pytest.mark.parametrize(
    ("how", "query"),
    [
        ("pattern", '?p material "stainless steel" ; ?p usedFor ?u'),
        (
            "sparql",
            'SELECT ?p ?u { ?p schema:material ?m ; rel:usedFor ?u . ?m rdfs:label "stainless steel" }',
        ),
    ],
)
def test_a_link_opens_with_its_answer(workspace: Workspace, how: str, query: str) -> None:
    fill(workspace)
    test = opened(workspace, how=how, q=query)
    assert test.text_area[0].value == query
    frame = test.dataframe[0].value
    assert list(frame.columns) == ["?p", "?u"]
    assert set(frame["?p"]) == {"Fellow Stagg Kettle", "Hario Buono Kettle"}
    assert "2 rows" in said(test)


def test_a_typed_query_goes_into_the_link_and_is_answered(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace)
    test.text_area[0].set_value("?p usedIn home")
    next(b for b in test.button if b.label == "Run").click().run()
    assert "?p usedIn home" in test.query_params["q"]
    assert list(test.dataframe[0].value["?p"]) == ["Fellow Stagg Kettle"]


def test_every_example_has_an_answer(workspace: Workspace) -> None:
    fill(workspace)
    for how in ("pattern", "sparql"):
        test = opened(workspace, how=how)
        keys = [b.key for b in test.button if (b.key or "").startswith("exchange-example")]
        assert len(keys) == 3
        for key in keys:
            test.button(key=key).click().run()
            assert not test.exception
            assert 'role="alert"' not in said(test)


@pytest.mark.parametrize(
    ("how", "query", "words"),
    [
        ("pattern", "?p material", "A clause has three parts"),
        ("pattern", "?p material unobtainium", "Nothing in the graph is called so"),
        ("sparql", "INSERT DATA { <a:a> <a:b> <a:c> }", "can be read here, not changed"),
        ("sparql", "SELECT ?x { SERVICE <http://127.0.0.1:9/> { ?x ?y ?z } }", "reaches for data elsewhere"),
    ],
)
def test_what_cannot_be_answered_is_told(workspace: Workspace, how: str, query: str, words: str) -> None:
    fill(workspace)
    test = opened(workspace, how=how, q=query)
    assert words in said(test)
    assert 'role="alert"' in said(test)
    assert not test.dataframe


@pytest.mark.parametrize("view", ["query", "take", "bring"])
def test_every_view_speaks_chinese(workspace: Workspace, view: str) -> None:
    fill(workspace)
    text = said(opened(workspace, "zh", view=view))
    assert "这张图谱接下来去哪儿？" in text
    assert "exchange." not in text


def test_yes_and_no(workspace: Workspace) -> None:
    fill(workspace)
    assert "Yes, that holds." in said(opened(workspace, how="sparql", q="ASK { ?p schema:material ?m }"))
    assert "No, that does not hold." in said(
        opened(workspace, q='"Hario V60 Paper Filter" usedFor "pour-over coffee"')
    )


def test_a_file_is_made_when_asked_for_and_then_offered(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, view="take")
    text = said(test)
    assert all(form.name in text for form in FORMATS.values())
    assert not list(workspace.sub("exchange").iterdir())
    test.button(key="exchange-make-turtle").click().run()
    assert not test.exception
    (made,) = workspace.sub("exchange").iterdir()
    assert made.suffix == ".ttl"
    assert "exchange-make-turtle" not in {button.key for button in test.button}
    assert "Loses nothing." in text


def test_a_big_graph_is_made_by_a_job(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(workspace)
    monkeypatch.setattr("core.ui.exchange_take.AT_ONCE", 3)
    opened(workspace, view="take").button(key="exchange-make-parquet").click().run()
    (job,) = Jobs(workspace).list("exchange")
    assert dict(job.params) == {"action": "make", "format": "parquet"}


def test_each_loss_and_each_thing_left_at_home_has_words() -> None:
    names = [f"loses_{loss}" for form in FORMATS.values() for loss in form.loses]
    names += [f"for_{form}" for form in FORMATS] + [f"without_{name}" for name in NOT_CARRIED]
    assert all(has(f"exchange.{name}") for name in names)


def test_a_file_becomes_a_workspace_or_joins_this_one(workspace: Workspace) -> None:
    fill(workspace)
    made = make(workspace, "jsonld").path.read_bytes()
    there = Workspaces(settings().workspaces).create("There")
    test = opened(there, view="bring")
    test.file_uploader[0].set_value(("shop.jsonld", made, "application/ld+json")).run()
    test.button(key="exchange-bring").click().run()
    assert not test.exception
    assert "is a workspace now" in said(test)
    (new,) = [info for info in workspaces().list() if info.id not in ("test", there.info.id)]
    twin = workspaces().open(new.id)
    assert GraphStore(twin).graph().hash == GraphStore(workspace).graph().hash
    test = opened(workspace, view="bring")
    test.file_uploader[0].set_value(("shop.jsonld", made, "application/ld+json")).run()
    test.radio[0].set_value("here").run()
    head = Log(workspace).head()
    test.button(key="exchange-bring").click().run()
    assert "4 were here already" in said(test)
    assert Log(workspace).head() == head


def test_a_damaged_file_is_told_of_and_makes_no_workspace(workspace: Workspace) -> None:
    fill(workspace)
    before = len(workspaces().list())
    test = opened(workspace, view="bring")
    test.file_uploader[0].set_value(("<b>shop.ttl", b"<urn:a> <urn:b>", "text/turtle")).run()
    test.button(key="exchange-bring").click().run()
    text = said(test)
    assert "The file is damaged" in text
    assert "<b>shop" not in text
    assert len(workspaces().list()) == before


def test_a_push_needs_a_server_of_the_settings(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(workspace)
    assert "SHELFGRAPH_NEO4J_URL" in said(opened(workspace, view="take"))
    monkeypatch.setenv("SHELFGRAPH_NEO4J_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    test = opened(workspace, view="take")
    assert "127.0.0.1/neo4j" in said(test)
    test.button(key="exchange-push").click().run()
    assert Jobs(workspace).list("exchange")[0].params["action"] == "push"
