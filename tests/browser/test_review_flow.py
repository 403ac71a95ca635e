"""A review in a real browser: by keyboard alone, with words picked in the text, and two people at one desk."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from core.catalogue.store import Catalogue
from core.domain import Standing
from core.graph.log import Log
from core.graph.looks import Look, looks
from core.graph.reading import read_assertions
from core.graph.review import queue
from core.graph.review_log import final_verdicts, read_decisions
from core.graph.store import GraphStore
from core.jobs import Jobs, Status, run_inline
from core.stages import REGISTRY
from core.storage import tables
from core.storage.workspaces import Workspace, Workspaces
from tests.browser.conftest import Server
from tests.browser.steps import SECONDS, quiet, sample, settled
from tests.graph_world import HOSTILE, document, put_documents, put_products, read

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(server: Server) -> Workspace:
    """The sample, read by columns and tagger."""
    made = sample(server.home)
    run_inline(made, "build", REGISTRY, {"n_products": 40})
    return made


def visit(page: Any, server: Server, shop: Workspace, **params: str) -> None:
    query = urlencode({"w": shop.info.id, "lang": "en", **params})
    page.goto(f"{server.url}/review?{query}")
    page.wait_for_selector("h1.sg-title")
    settled(page)


def looks_of(shop: Workspace) -> list[Look]:
    """What is to review, as the page has it."""
    with shop.db.read() as reader:
        known = {a.id: a for a in read_assertions(reader)}
        decided = final_verdicts(read_decisions(reader))
    categories = {product.id: product.category or "" for product in Catalogue(shop).products()}
    items = queue(GraphStore(shop).graph(), known, categories)
    return looks(item for item in items if decided.keys().isdisjoint(item.ids))


def key(page: Any, letter: str, told: str = "") -> None:
    """Press a key once the buttons can hear it, and wait for what is said of it."""
    quiet(page)
    page.keyboard.press(letter)
    if told:
        page.wait_for_selector(f".sg-review-told:has-text('{told}')")
        settled(page)


def decided(page: Any, count: int) -> None:
    page.wait_for_selector(f".sg-state:has-text('by you: {count}')")
    settled(page)


def value(page: Any) -> str:
    return str(page.locator(".sg-review-value").inner_text())


def test_a_review_by_keyboard_from_the_first_name_to_a_taught_tagger(
    page: Any, server: Server, shop: Workspace
) -> None:
    store = GraphStore(shop)
    before = store.graph()
    visit(page, server, shop)
    page.get_by_label("Your name").fill("Lin")
    page.keyboard.press("Enter")
    page.wait_for_selector(".st-key-review-accept")
    settled(page)
    assert store.graph().hash == before.hash, "letters typed into the name decide nothing"

    top = page.locator(".st-key-review-card").bounding_box()["y"]
    key(page, "x", "Rejected")
    assert store.graph().ledger.rejected > 0
    assert abs(page.locator(".st-key-review-card").bounding_box()["y"] - top) < 2, "the page has jumped"
    key(page, "u", "Taken back")
    assert store.graph().hash == before.hash

    key(page, "w")
    words = page.locator(".word")
    first, last = words.nth(0), words.nth(1)
    text = first.inner_text(), last.inner_text()
    first.click()
    last.click()
    page.wait_for_selector(f".st-key-review-correction .sg-chip:has-text('{text[1]}')")
    settled(page)
    key(page, "s", "Corrected")
    (put,) = [i for i, standing in store.graph().standing.items() if i not in before.standing]
    (found,) = store.evidence_of([put])
    assert found.standing in (Standing.COMMITTED, Standing.MERGED)
    assert found.assertion.object.startswith(text[0])
    assert found.assertion.object.endswith(text[1])

    for count in range(2, 11):
        key(page, "a", "Accepted")
        decided(page, count)
    page.get_by_role("button", name="Teach tagger and span reader with these").click()
    page.get_by_text("The readers learned").wait_for(timeout=SECONDS * 1_000)
    (job,) = Jobs(shop).list("teach")
    assert job.status is Status.DONE
    assert job.result is not None
    assert job.result["decisions"] == 10
    assert (shop.folder / "tagger" / "current").read_text("utf-8") == job.result["version"]
    assert (shop.folder / "reader" / "current").read_text("utf-8") == job.result["reader"] != ""


def test_two_at_one_desk_do_not_overwrite_each_other(page: Any, server: Server, shop: Workspace) -> None:
    other = page.context.new_page()
    visit(page, server, shop, me="Ana")
    visit(other, server, shop, me="Mo")
    both = value(page)
    assert value(other) == both
    key(page, "a", "Accepted")
    key(other, "x", "before you")
    assert value(other) == both, "it is still the one that is shown"
    assert other.locator(".sg-review-told").inner_text().startswith("Ana ")
    accepted = GraphStore(shop).graph().hash
    key(other, "x", "Rejected")
    key(other, "u", "Taken back")
    assert GraphStore(shop).graph().hash == accepted, "Ana's word stands again"


def test_a_value_is_rejected_in_all_its_products_but_one_and_taken_back(
    page: Any, server: Server, shop: Workspace
) -> None:
    store = GraphStore(shop)
    before = store.graph()
    look = next(one for one in looks_of(shop) if one.products > 2)
    visit(page, server, shop, me="Lin", at=look.lead.lead.id)
    rows = page.locator("[class*='st-key-review-tick-'] button")
    n = len(look.items)
    rows.nth(n - 2).wait_for()
    assert rows.locator(".stMarkdownColoredBackground").count() == len(look.others), "the words are lit"
    top = page.locator(".st-key-review-card").bounding_box()["y"]
    rows.first.click()
    page.get_by_role("button", name=f"Reject {n - 1}").wait_for()
    settled(page)
    key(page, "x", f"{n - 1} rejected as one decision")
    after = store.graph().standing
    assert [after[item.lead.id] is Standing.REJECTED for item in look.items].count(False) == 1
    assert abs(page.locator(".st-key-review-card").bounding_box()["y"] - top) < 2, "the page has jumped"
    key(page, "u", "Taken back")
    assert store.graph().hash == before.hash
    page.get_by_role("button", name=f"Reject {n}").wait_for()
    key(page, "o")
    page.get_by_text("left out").nth(n - 2).wait_for()


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Any, server: Server, shop: Workspace) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, server, shop, me="Lin")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Words").click()
    page.wait_for_selector(".st-key-review-correction")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_hostile_texts_stay_texts(page: Any, server: Server) -> None:
    made = Workspaces(server.home / "workspaces").create("hostile-review")
    twins = {f"{twin}{k}": text for k, text in enumerate(HOSTILE) for twin in "hg"}
    put_products(made, {i: (text, text, text) for i, text in twins.items()})
    with made.db.write() as writer:
        writer.execute(update(tables.sources).values(mapping={"columns": {"kind": "products", "fields": {}}}))
    texts = [document(i, text) for i, text in twins.items()]
    put_documents(made, texts)
    Log(made).append([read(text, text.text[:20], text.text, confidence=0.6) for text in texts])
    visit(page, server, made, me="<img src=x onerror=window.hacked=1>")
    for count in range(len(HOSTILE)):
        key(page, "w")
        page.wait_for_selector(".word")
        key(page, "Escape")
        page.wait_for_selector(".st-key-review-cancel", state="detached")
        key(page, "a", "Accepted")
        decided(page, count + 1)
    assert page.evaluate("window.hacked") is None
    made.close()
