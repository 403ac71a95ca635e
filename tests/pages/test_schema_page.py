"""The Schema page without a browser: edited as a table and as text, proposed, saved, compared and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from core.catalogue.sample_data import load_sample
from core.extract import schema
from core.extract.schema_text import check
from core.jobs.worker import run_inline
from core.llm import registry
from core.llm.base import Completion, ModelCard
from core.stages import REGISTRY
from core.stages.build_plan import schema_of
from core.stages.schema_versions import in_force, save, versions
from core.storage.workspaces import Workspace
from tests.page_world import open_page

SMALL = """attributes:
  brand: {label: {en: Brand, zh: 品牌}, type: name}
  color: {label: Color, examples: [red, blue]}
  material: {label: Material}
categories:
  - {names: [Audio, 音频], ask: [brand, color]}
"""

opened = partial(open_page, "schema")


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    load_sample(workspace)
    save(workspace, SMALL, based_on=in_force(workspace).text)
    return workspace


def again(test: AppTest) -> AppTest:
    test.run()
    assert not test.exception, test.exception
    return test


def said(test: AppTest) -> str:
    parts = [str(element.proto.body) for element in test.get("html")]
    return "\n".join([*parts, *(str(e.value) for e in (*test.markdown, *test.caption, *test.warning))])


def press(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click().run()
    assert not test.exception, test.exception
    return test


def typed(test: AppTest, **edits: object) -> AppTest:
    """Type into the table as it stands."""
    (editor,) = test.data_editor
    state = {"edited_rows": {}, "added_rows": [], "deleted_rows": []}
    test.session_state[editor.key] = {**state, **edits}
    return again(test)


def saved(test: AppTest, note: str = "") -> AppTest:
    press(test, "schema-save")
    if note:
        test.text_input(key="schema-note").input(note)
    return press(test, "schema-save-go")


def test_on_an_untouched_workspace_the_shipped_schema_is_shown_and_nothing_can_be_saved(
    workspace: Workspace,
) -> None:
    test = opened(workspace)
    shop = schema.default()
    (frame,) = test.data_editor
    assert list(frame.value["label_en"]) == [attribute.named("en") for attribute in shop.every]
    assert "6 categories" in said(test)
    assert shop.version[:8] in said(test)
    assert test.button(key="schema-save").disabled


def test_what_is_typed_into_the_table_is_read_by_the_next_build(shop: Workspace) -> None:
    test = opened(shop, c="音频")
    typed(
        test,
        edited_rows={1: {"label_zh": "颜色", "examples": ["mint"], "position": 1}},
        added_rows=[{"label_en": "Battery life", "value_type": "quantity", "unit": "h"}],
    )
    assert "unsaved changes" in said(test)
    (frame,) = test.data_editor
    assert list(frame.value["label_en"]) == ["Color", "Brand", "Battery life"], "a moved row has moved"
    assert in_force(shop).text == SMALL, "nothing is in force before it is saved"
    saved(test, "battery")
    assert "is in force" in said(test)
    made = schema_of(shop, "shop")
    asked = {a.relation: a for a in made.attributes("Audio")}
    assert list(asked) == ["color", "brand", "batteryLife"]
    assert (asked["batteryLife"].value_type, asked["batteryLife"].unit) == ("quantity", "h")
    assert asked["color"].label == {"en": "Color", "zh": "颜色"}
    assert asked["color"].examples["en"] == ("mint",)
    everywhere = made.attribute("color")
    assert everywhere is not None
    assert everywhere.examples["en"] == ("red", "blue"), "examples are this category's own"
    assert versions(shop)[0].note == "battery"


def test_a_deleted_row_tells_what_it_costs_before_it_is_saved(shop: Workspace) -> None:
    run_inline(shop, "build", REGISTRY, {"n_products": 10, "reviews": False})
    test = opened(shop)
    assert "the graph was read with it" in said(test)
    assert 0 < test.data_editor[0].value["found"][2] <= 100
    typed(test, deleted_rows=[2])
    press(test, "schema-save")
    text = said(test)
    assert "No longer an attribute: Material" in text
    assert "facts (made of) will be kept apart" in text
    press(test, "schema-save-go")
    assert schema_of(shop, "shop").attribute("material") is None
    assert test.button(key="schema-build").label == "Build again with it"


def test_text_is_refused_at_its_lines_and_nothing_typed_is_lost(shop: Workspace) -> None:
    test = opened(shop, view="yaml")
    broken = SMALL.replace("type: name", "type: nome").replace("[brand, color]", "[brand, colour]")
    test.text_area[0].input(broken).run()
    text = said(test)
    assert "Line 2" in text
    assert "“nome”" in text
    assert "Line 6" in text
    assert "“colour”" in text
    assert test.button(key="schema-save").disabled
    assert test.segmented_control[0].options == ["YAML", "Versions"], (
        "there is no table of what cannot be read"
    )
    test.segmented_control[0].set_value("versions").run()
    test.segmented_control[0].set_value("yaml").run()
    assert test.text_area[0].value == broken
    test.text_area[0].input(SMALL + "# mine\n").run()
    saved(test)
    assert in_force(shop).text == SMALL + "# mine\n", "comments stay where text is edited"


def test_an_edit_survives_a_look_at_the_other_views(shop: Workspace) -> None:
    test = opened(shop)
    typed(test, edited_rows={1: {"label_en": "Colour"}})
    for view in ("yaml", "versions", "table"):
        test.segmented_control[0].set_value(view)
        again(test)
    (frame,) = test.data_editor
    assert list(frame.value["label_en"]) == ["Brand", "Colour", "Material"]
    press(test, "schema-discard")
    (frame,) = test.data_editor
    assert list(frame.value["label_en"]) == ["Brand", "Color", "Material"]


def test_categories_are_added_renamed_moved_and_removed(shop: Workspace) -> None:
    test = opened(shop, c="Kitchen")
    assert "Kitchen has no list of its own" in said(test)
    press(test, "schema-unlisted-general")
    (frame,) = test.data_editor
    assert list(frame.value["label_en"]) == ["Brand", "Color", "Material"]
    press(test, "schema-upward")
    test.text_input[0].input("Kitchen, 厨房").run()
    press(test, "schema-rename")
    saved(test)
    raw = check(in_force(shop).text).raw
    assert raw is not None
    assert [entry["names"] for entry in raw["categories"]] == [["Kitchen", "厨房"], ["Audio", "音频"]]
    press(test, "schema-remove-category")
    saved(test)
    assert "kitchen" not in schema_of(shop, "shop").categories


def test_what_is_proposed_stands_in_the_texts_and_is_taken_when_ticked(shop: Workspace) -> None:
    test = opened(shop, c="Audio", view="propose")
    text = said(test)
    assert "40-hour</mark>" in text
    assert "numbers with a unit" in text
    ticks = {box.label: box.value for box in test.checkbox}
    assert ticks["Run time"]
    assert not {"Brand", "Color"} & ticks.keys(), "what is asked already is not proposed"
    for box in test.checkbox:
        box.set_value(box.label in ("Run time", "Used for"))
    again(test)
    press(test, "schema-take")
    saved(test)
    asked = {a.relation: a for a in schema_of(shop, "shop").attributes("Audio")}
    assert asked.keys() == {"brand", "color", "usedFor", "runTime"}
    assert asked["runTime"].named("zh") == "续航"
    texts = " ".join(document for document in sample_texts(shop))
    examples = [value for values in asked["runTime"].examples.values() for value in values]
    assert examples
    assert all(value in texts for value in examples)


def sample_texts(workspace: Workspace) -> Sequence[str]:
    from core.catalogue.store import Catalogue

    return [document.text for document in Catalogue(workspace).documents()]


class Scripted:
    id, languages = "scripted", ("en",)

    def complete(self, prompts: Sequence[str], forms: Sequence[object], **_: object) -> list[Completion]:
        said = "Warranty: 3-year warranty | for life\n" if len(prompts) > 1 else "Names: Warranty\n"
        return [Completion(said, 50, 9, None, 0.2) for _ in prompts]


def test_a_language_model_is_asked_when_wanted_and_cannot_make_anything_up(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ModelCard("scripted", "Scripted", "endpoint", ("en",), 0, "")
    monkeypatch.setattr(registry, "available", lambda: [card])
    monkeypatch.setattr(registry, "load", lambda _id: Scripted())
    test = opened(shop, c="Audio", view="propose")
    assert "Scripted read" not in said(test)
    press(test, "schema-ask-model")
    text = said(test)
    assert "Scripted read 6 texts" in text
    assert "for life" not in text


def test_versions_are_listed_compared_and_put_back(shop: Workspace) -> None:
    save(shop, SMALL.replace("Color", "Colour"), based_on=SMALL, note="spelling")
    test = opened(shop, view="versions")
    (frame,) = test.dataframe
    assert list(frame.value["mark"]) == ["in force", "", ""]
    assert list(frame.value["note"]) == ["spelling", "", ""]
    assert "Color, label: Colour → Color" in said(test)
    press(test, f"schema-restore-{versions(shop)[1].seq}")
    assert in_force(shop).text == SMALL
    assert len(test.dataframe[0].value) == 4


def test_two_visitors_do_not_overwrite_each_other(shop: Workspace) -> None:
    test = opened(shop)
    typed(test, edited_rows={0: {"label_en": "Maker"}})
    save(shop, SMALL.replace("Color", "Colour"), based_on=SMALL)
    saved(test)
    assert "Another version was saved meanwhile" in said(test)
    assert "Colour" in in_force(shop).text
    press(test, "schema-save")
    assert "Color, label: Colour → Color" in said(test), "it is told what would be undone"
    press(test, "schema-save-go")
    assert "Maker" in in_force(shop).text


def test_an_empty_catalogue_leads_to_products(workspace: Workspace) -> None:
    test = opened(workspace, view="propose")
    assert "There are no products to look at" in said(test)
    assert [button for button in test.button if button.key == "schema-to-catalogue"]


@pytest.mark.parametrize(
    "params", [{"c": "<script>", "view": "nonsense"}, {"c": "nowhere", "view": "propose"}]
)
def test_a_link_with_nonsense_in_it_opens_all_the_same(shop: Workspace, params: dict[str, str]) -> None:
    assert "3 attributes" in said(opened(shop, **params))


def test_a_damaged_file_opens_as_text(shop: Workspace) -> None:
    (shop.folder / "schemas" / "shop.yaml").write_text("attributes: [", "utf-8")
    test = opened(shop)
    assert test.text_area[0].value == "attributes: ["
    assert "Line 1<" in said(test)
    test.text_area[0].input(SMALL).run()
    saved(test)
    assert schema_of(shop, "shop").attribute("brand") is not None
