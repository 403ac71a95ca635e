"""The catalogue page as a visitor uses it: empty, sample, paste, mapping, kept apart, deep links, two languages."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from core.catalogue.ingest import ingest
from core.catalogue.sample_data import load_sample
from core.catalogue.store import Catalogue
from core.settings import ASSETS, REPOSITORY
from core.storage.workspaces import Workspace
from tests.page_world import open_page

TEXT = {
    lang: yaml.safe_load((ASSETS / "i18n" / lang / "catalogue.yaml").read_text("utf-8"))
    for lang in ("en", "zh")
}

opened = partial(open_page, "catalogue")


def shown(page: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    parts = [element.value for kind in kinds for element in getattr(page, kind)]
    parts += [element.proto.body for element in page.get("html")]
    return "\n".join(map(str, parts))


def test_an_empty_catalogue_says_what_belongs_here_and_loads_the_sample_on_a_click(
    workspace: Workspace,
) -> None:
    page = opened(workspace)
    assert TEXT["en"]["empty_what"] in shown(page)
    page.button("catalogue-sample").click().run()
    assert not page.exception
    assert Catalogue(workspace).counts()["products"] >= 180
    assert TEXT["en"]["empty_what"] not in shown(page)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("view", ["products", "upload", "paste", "open", "sources", "apart"])
def test_every_view_opens_cold_in_both_languages(workspace: Workspace, view: str, lang: str) -> None:
    load_sample(workspace)
    page = opened(workspace, view=view, lang=lang)
    assert TEXT[lang]["title"] in shown(page)


def test_pasted_rows_are_previewed_and_imported_with_what_did_not_fit_kept_apart(
    workspace: Workspace,
) -> None:
    page = opened(workspace, view="paste")
    page.text_area[0].set_value("sku\tname\tprice\n1\tMoka pot\t24,90 €\n2\t\t5\n3\tTea cup\tabc\n")
    page.button("catalogue-paste").click().run()
    assert not page.exception
    assert "2 fit" in shown(page)
    assert [box.value for box in page.selectbox if box.label.startswith("Title")] == ["name"]
    page.button("catalogue-import").click().run()
    assert not page.exception
    counts = Catalogue(workspace).counts()
    assert (counts["products"], counts["quarantined"], counts["noted"]) == (2, 1, 1)
    assert "1 kept apart" in shown(page)


def test_the_mapping_can_be_changed_before_the_import(workspace: Workspace) -> None:
    page = opened(workspace, view="paste")
    page.text_area[0].set_value("code\tname\tlabel\n1\tMoka pot\tAluminium moka\n2\tTea cup\tGlass cup\n")
    page.button("catalogue-paste").click().run()
    (title,) = [box for box in page.selectbox if box.label.startswith("Title")]
    title.set_value("label").run()
    page.button("catalogue-import").click().run()
    assert {product.title for product in Catalogue(workspace).products()} == {"Aluminium moka", "Glass cup"}


def test_what_cannot_be_read_is_told_with_a_remedy_and_no_traceback(workspace: Workspace) -> None:
    page = opened(workspace, view="paste")
    page.text_area[0].set_value('{"a": [1, 2')
    page.button("catalogue-paste").click().run()
    assert not page.exception
    assert "not valid JSON" in shown(page)
    assert "Repair it" in shown(page)


def test_rows_kept_apart_are_listed_and_can_be_tried_again(workspace: Workspace) -> None:
    first = ingest(workspace, b"id,title\n1,Cup\n", "a.csv")[0]
    ingest(workspace, b"id,title,brand\n1,Mug,X\n2,Pot,Y\n", "b.csv")
    Catalogue(workspace).delete_source(first.source_id)
    page = opened(workspace, view="apart")
    page.button("catalogue-retry").click().run()
    assert not page.exception
    assert Catalogue(workspace).product("1").title == "Mug"
    assert TEXT["en"]["apart_none_open"] in shown(page)


def test_a_product_has_a_link_and_hostile_text_is_shown_as_text(workspace: Workspace) -> None:
    ingest(workspace, b'id,title\n1,"<Model X> <b>cup</b> a<b"\n', "a.csv")
    page = opened(workspace, product="1")
    assert "&lt;Model X&gt; cup a&lt;b" in shown(page)
    assert "<Model X>" not in shown(page)
    gone = opened(workspace, product="nope")
    assert TEXT["en"]["product_gone"] in shown(gone)


def test_a_source_is_deleted_from_its_view(workspace: Workspace) -> None:
    report = ingest(workspace, b"id,title\n1,Cup\n", "a.csv")[0]
    page = opened(workspace, view="sources", source=report.source_id)
    page.button(f"delete-{report.source_id}").click().run()
    assert not page.exception
    assert Catalogue(workspace).counts()["sources"] == 0


def test_every_reason_and_note_the_readers_give_has_a_text() -> None:
    import re

    code = "\n".join(
        path.read_text("utf-8") for path in Path(REPOSITORY / "core" / "catalogue").rglob("*.py")
    )
    reasons = set(re.findall(r'Issue\([^,()]*,\s*"(\w+)"', code)) | set(
        re.findall(r'\.refuse\("\w+", "(\w+)"', code)
    )
    reasons |= set(re.findall(r'code = "(\w+)"', code))
    notes = set(re.findall(r'Note\("(\w+)"', code))
    assert len(reasons) > 15
    assert len(notes) >= 4
    for lang in ("en", "zh"):
        missing = [f"reason_{one}" for one in reasons if f"reason_{one}" not in TEXT[lang]]
        missing += [f"note_{one}" for one in notes if f"note_{one}" not in TEXT[lang]]
        assert missing == []
