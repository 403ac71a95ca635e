"""The frame in a real browser: links that open cold, language, themes, narrow screens, workspaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from core.settings import REPOSITORY
from core.storage.workspaces import Workspaces
from core.ui.navigation import GROUPS
from tests.browser.conftest import Server
from tests.browser.steps import heard, settled, until

pytestmark = pytest.mark.browser
PAGES = [
    spec.name
    for specs in GROUPS.values()
    for spec in specs
    if (REPOSITORY / f"pages/{spec.name}.py").exists()
]


def open_page(page: Any, url: str) -> None:
    page.goto(url)
    page.wait_for_selector("h1.sg-title")
    settled(page)


def titled(page: Any, words: str) -> None:
    page.locator("h1.sg-title", has_text=words).wait_for()


def address(name: str) -> str:
    return "" if name == "home" else name


def query(page: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


def link(page: Any, holds: Callable[[dict[str, str]], bool]) -> None:
    """Wait until the link asks for something."""
    until(page, lambda: holds(query(page)), "the link stays as it is")


def outside(server: Server, asked: list[str]) -> list[str]:
    """What was not asked of the app itself."""
    return [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]


def workspace(server: Server, name: str) -> str:
    return Workspaces(server.home / "workspaces").create(name).info.id


@pytest.fixture(scope="module")
def empty(server: Server) -> str:
    return workspace(server, "Empty shop")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_every_page_opens_cold_on_a_phone_without_errors_or_scrolling_sideways(
    phone: Any, server: Server, empty: str, name: str, language: str, scheme: str
) -> None:
    phone.emulate_media(color_scheme=scheme)
    with heard(phone, "pageerror", str) as crashes, heard(phone, "request", lambda one: one.url) as asked:
        open_page(phone, f"{server.url}/{address(name)}?lang={language}&w={empty}")
        main = "document.querySelector('[data-testid=stMain]')"
        assert phone.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
        assert phone.locator("[data-testid=stException]").count() == 0
        title = phone.locator("h1.sg-title").inner_text()
    assert not crashes
    assert not outside(server, asked)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in title) == (language == "zh")


def test_on_a_phone_the_side_bar_closes_when_a_page_was_chosen(phone: Any, server: Server) -> None:
    open_page(phone, server.url)
    phone.get_by_test_id("stExpandSidebarButton").click()
    phone.locator(".st-key-sg-nav-trust a").last.click()
    titled(phone, "studio made of")
    phone.wait_for_function(
        "document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().right <= 1"
    )


def test_fonts_are_those_of_the_app_and_nothing_is_fetched_from_outside(page: Any, server: Server) -> None:
    with heard(page, "request", lambda one: one.url) as asked:
        open_page(page, server.url)
        page.wait_for_function("[...document.fonts].some(f => f.family === 'Inter' && f.status === 'loaded')")
    assert not outside(server, asked)


def test_language_is_switched_in_place_and_kept_by_link_and_navigation(page: Any, server: Server) -> None:
    open_page(page, f"{server.url}/settings")
    assert query(page)["lang"] == "en"
    page.get_by_text("中文", exact=True).click()
    titled(page, "工作室")
    link(page, lambda q: q.get("lang") == "zh")
    page.locator(".st-key-sg-nav-know a").first.click()
    titled(page, "店")
    link(page, lambda q: q.get("lang") == "zh")
    page.reload()
    titled(page, "店")
    assert page.evaluate("document.documentElement.lang") == "zh"


def test_workspaces_are_made_renamed_deleted_and_restored(page: Any, server: Server) -> None:
    open_page(page, f"{server.url}/settings")
    page.get_by_role("button", name="New workspace").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Tea corner")
    page.keyboard.press("Tab")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    link(page, lambda q: q.get("w") == "tea-corner")
    page.wait_for_selector(".st-key-ws-tea-corner")

    page.locator(".st-key-ws-tea-corner button").first.click()
    field = page.get_by_label("Name").last
    field.fill("Tea house")
    field.press("Tab")
    page.get_by_role("button", name="Save").click()
    page.wait_for_selector(".st-key-ws-tea-corner >> text=Tea house")
    assert query(page)["w"] == "tea-corner"

    page.locator(".st-key-delete_tea-corner button").first.click()
    page.wait_for_selector(".st-key-ws-tea-corner", state="detached")
    link(page, lambda q: q.get("w") != "tea-corner")
    page.locator("[class*='st-key-restore_tea-corner'] button").first.click()
    page.wait_for_selector(".st-key-ws-tea-corner >> text=Tea house")
    link(page, lambda q: q.get("w") == "tea-corner")


def test_a_link_to_a_workspace_that_is_gone_opens_another_one(page: Any, server: Server) -> None:
    open_page(page, f"{server.url}/settings?w=no-such-shop")
    link(page, lambda q: q.get("w") not in (None, "no-such-shop"))


def test_hostile_workspace_names_stay_words(page: Any, server: Server) -> None:
    made = workspace(server, "<img src=x onerror=window.hit=1>")
    open_page(page, f"{server.url}/settings?w={made}")
    open_page(page, f"{server.url}/?w={made}")
    assert page.evaluate("window.hit === undefined")
    assert "<img" in page.locator("p.sg-state").inner_text()


def test_the_way_through_the_sidebar_works_with_the_keyboard(page: Any, server: Server) -> None:
    open_page(page, server.url)
    page.locator(".st-key-sg-nav-trust a").last.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    titled(page, "studio made of")


def test_of_two_workspaces_with_one_name_the_one_chosen_is_opened(page: Any, server: Server) -> None:
    first, second = workspace(server, "Twin shop"), workspace(server, "Twin shop")
    open_page(page, f"{server.url}/settings?w={second}")
    page.locator(".st-key-sg-workspace input").click()
    page.keyboard.type(f"Twin shop · {first}")  # of a long list only what is in view is in the page
    page.get_by_role("option", name=f"Twin shop · {first}", exact=True).click()
    link(page, lambda q: q.get("w") == first)
