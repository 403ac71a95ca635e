"""The Graph page in a real browser: clicks reach Python, the picture holds still, labels stay inert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.domain import Assertion
from core.graph.export import pyvis_html
from core.graph.layout import layout
from core.graph.log import Log
from core.storage.workspaces import Workspace, Workspaces
from core.ui.charts import FAMILY_COLORS
from tests.browser.conftest import Server
from tests.browser.steps import heard, quiet
from tests.graph_world import SHOP, document, fill, hostile_view, put_products, read

pytestmark = pytest.mark.browser
FRAME = """[...document.querySelectorAll('[data-testid="stBidiComponentIsolated"]')]
  .map((e) => e.shadowRoot?.querySelector('.frame')).find((f) => f?.network)"""
BAD = "<img src=x onerror=window.hacked=1>"


@pytest.fixture
def shop(server: Server, request: pytest.FixtureRequest) -> Workspace:
    """A workspace of its own in the running app, filled with the small shop."""
    made = Workspaces(server.home / "workspaces").create(request.node.name[:30])
    fill(made)
    return made


def visit(page: Any, server: Server, shop: Workspace, **params: str) -> None:
    query = "&".join(f"{k}={v}" for k, v in {"w": shop.info.id, "lang": "en", **params}.items())
    page.goto(f"{server.url}/graph?{query}")
    page.wait_for_selector("h1.sg-title")


def drawn(page: Any, node: str = "") -> None:
    page.wait_for_function(
        f"(node) => {{ const f = {FRAME}; return f && (!node || f.network.body.nodes[node]) }}", arg=node
    )


def place(page: Any, node: str) -> tuple[float, float, float]:
    """Where a node is on the page, and the zoom."""
    x, y, zoom = page.evaluate(
        f"""(node) => {{
          const frame = {FRAME}, network = frame.network;
          const at = network.canvasToDOM(network.getPosition(node));
          const corner = frame.querySelector('canvas').getBoundingClientRect();
          return [corner.left + at.x, corner.top + at.y, network.getScale()];
        }}""",
        node,
    )
    return x, y, zoom


def heading(page: Any, text: str) -> None:
    page.wait_for_selector(f".sg-node h2:has-text('{text}')")


def test_a_click_opens_a_node_and_a_double_click_adds_to_a_picture_that_holds_still(
    page: Any, server: Server, shop: Workspace
) -> None:
    sizes: list[int] = []
    with heard(page, "websocket", lambda ws: ws.on("framereceived", lambda frame: sizes.append(len(frame)))):
        visit(page, server, shop, node="product:k1", r="1")
        drawn(page, "material:stainless steel")
        assert max(sizes) > 100_000, "the library comes once"
        page.evaluate(f"() => {FRAME}.network.moveTo({{ scale: 0.9 }})")
        quiet(page)
        before = place(page, "material:stainless steel")
        sizes.clear()
        page.mouse.click(*before[:2])
        heading(page, "stainless steel")
        assert place(page, "material:stainless steel") == before
        page.mouse.dblclick(*before[:2])
        drawn(page, "product:k2")
        assert place(page, "material:stainless steel") == before
        assert "open=material" in page.url
        assert max(sizes) < 100_000, "and never again"


def test_an_edge_opens_the_words_behind_its_fact(page: Any, server: Server, shop: Workspace) -> None:
    visit(page, server, shop, node="product:k1", r="1")
    drawn(page, "place:home")
    (xa, ya, _), (xb, yb, _) = place(page, "product:k1"), place(page, "place:home")
    page.mouse.click(xa + (xb - xa) * 0.7, ya + (yb - ya) * 0.7)
    page.wait_for_selector("mark.sg-mark:has-text('home')")


def test_it_can_be_walked_by_keyboard(page: Any, server: Server, shop: Workspace) -> None:
    visit(page, server, shop, node="product:k1", r="1")
    drawn(page)
    page.locator(".stage").focus()
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    said = page.locator(".said").text_content()
    assert said
    page.keyboard.press("Enter")
    heading(page, said.rsplit(",", 1)[0])
    assert page.locator(".stage").get_attribute("aria-label")
    assert page.locator(".stage [role=option]").count() == 5


def test_hostile_labels_stay_text(page: Any, server: Server, shop: Workspace) -> None:
    put_products(shop, {"bad": (BAD, BAD, f"made of {BAD}")})
    Log(shop).append([hostile()])
    visit(page, server, shop, node="product:bad")
    drawn(page, "product:bad")
    x, y, _ = place(page, "product:bad")
    page.mouse.move(x, y)
    page.wait_for_selector(".tip b")
    page.mouse.click(x, y)
    heading(page, BAD[:10])
    assert page.evaluate("window.hacked") is None
    assert page.locator(".tip img, .option img, .sg-node img").count() == 0


def hostile() -> Assertion:
    return read(document("bad", f"made of {BAD}"), "material", BAD)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_wears_the_theme(phone: Any, server: Server, shop: Workspace, scheme: str) -> None:
    phone.emulate_media(color_scheme=scheme)
    visit(phone, server, shop, node="product:f1")
    drawn(phone, "product:f1")
    ink = phone.evaluate(f"() => getComputedStyle({FRAME}).color")
    light = sum(int(part) for part in ink.removeprefix("rgb(").removesuffix(")").split(",")[:3]) / 3
    assert (light < 128) == (scheme == "light")
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_picture_can_be_taken_along(page: Any, server: Server, shop: Workspace) -> None:
    visit(page, server, shop, node="product:f1")
    drawn(page, "product:f1")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Picture (HTML)").click()
    text = started.value.path().read_text("utf-8")
    assert SHOP["f1"][0] in text
    assert "vis-network" in text


def test_an_exported_picture_runs_no_label_and_asks_for_nothing(chromium: Any, tmp_path: Path) -> None:
    view = hostile_view()
    file = tmp_path / "graph.html"
    file.write_text(pyvis_html(view, layout(view), FAMILY_COLORS, BAD), "utf-8")
    page = chromium.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_selector("canvas")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("nodes.getIds().length") == len(view.nodes)
    assert [url for url in asked if not url.startswith("file:")] == []
    assert errors == []
    page.close()
