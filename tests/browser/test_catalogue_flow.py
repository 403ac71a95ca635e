"""Files come in through a real browser: read whatever their encoding, mended where they do not fit, never lost."""

from __future__ import annotations

from typing import Any

import pytest

from core.catalogue.store import Catalogue
from core.storage.workspaces import Workspaces
from tests.browser.conftest import Server
from tests.browser.steps import heard, quiet, settled

pytestmark = pytest.mark.browser

ROWS = """编号,商品名称,描述,价格
a1,青芷 洁面乳,温和不紧绷，适合油皮,59
a2,格间 台灯,无频闪，三档色温,nan
a3,,这一行没有名称,20
"""


def upload(page: Any, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def test_a_chinese_file_is_uploaded_mended_and_taken_in_once(page: Any, server: Server) -> None:
    workspace = Workspaces(server.home / "workspaces").create("上传")
    upload_page = f"{server.url}/catalogue?w={workspace.info.id}&lang=zh&view=upload"
    page.goto(upload_page)
    upload(page, "商品.csv", ROWS.encode("gb18030"))
    page.locator(".st-key-catalogue-import button").click()
    page.locator("[data-testid='stAlert']").first.wait_for()
    assert sorted(product.id for product in Catalogue(workspace).products()) == ["a1", "a2"]

    page.locator("[class*='st-key-to-apart-'] button").click()
    page.locator(".st-key-catalogue-retry button").wait_for()
    quiet(page)
    grid = page.locator(".dvn-scroller").first
    grid.dblclick(position={"x": 570, "y": 50})  # the missing title of the one row
    editor = page.locator("textarea.gdg-input")
    editor.fill("禾沐舍 饭盒")
    editor.press("Enter")
    editor.wait_for(state="detached")
    page.get_by_role("button", name="收录 1 行").click()  # its label says that the edit has arrived
    page.locator("[data-testid='stAlert']").filter(has_text="已进入目录").wait_for()
    titles = {product.id: product.title for product in Catalogue(workspace).products()}
    assert titles["a3"] == "禾沐舍 饭盒"

    before = Catalogue(workspace).catalogue_hash()
    page.goto(upload_page)
    upload(page, "商品.csv", ROWS.encode("gb18030"))
    page.locator(".st-key-catalogue-import button").click()
    page.locator("[data-testid='stAlert']").filter(has_text="没有任何改动").wait_for()
    assert Catalogue(workspace).catalogue_hash() == before
    workspace.close()


def test_what_is_no_table_is_told_and_markup_stays_text(page: Any, server: Server) -> None:
    workspace = Workspaces(server.home / "workspaces").create("Hostile")
    page.goto(f"{server.url}/catalogue?w={workspace.info.id}&lang=en&view=upload")
    with heard(page, "dialog", lambda dialog: (dialog.message, dialog.dismiss())) as spoken:
        upload(page, "noise.csv", bytes(range(256)) * 64)
        page.locator(".sg-problem").wait_for()
        assert "Traceback" not in page.locator("body").inner_text()
        page.reload()
        upload(
            page,
            "evil.csv",
            b"id,title,description\n"
            b"1,Tin <img src=x onerror=alert(1)>,<script>alert(2)</script> steel\n2,=1+1,<b>bold</b> bamboo\n",
        )
        page.locator(".st-key-catalogue-import button").click()
        page.locator("[data-testid='stAlert']").first.wait_for()
        page.goto(f"{server.url}/catalogue?w={workspace.info.id}&lang=en&view=products&product=1")
        page.get_by_text("As delivered (tags removed)").click()
        page.get_by_text("Tin <img").first.wait_for()
        settled(page)
        assert page.locator("img[src='x']").count() == 0
        assert len(list(Catalogue(workspace).products())) == 2
    assert not spoken, "a script of the catalogue has run"
    workspace.close()
