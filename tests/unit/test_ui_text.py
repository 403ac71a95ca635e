"""The words on screen: two complete languages, no text outside them, figures as people write them."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from core.ontology import RELATIONS, Family
from core.settings import ASSETS, REPOSITORY
from core.ui import text
from core.ui.text import (
    ago,
    distinct,
    duration,
    family_label,
    number,
    percent,
    relation_label,
    speaking,
    type_label,
)

I18N = ASSETS / "i18n"
FILES = sorted(path.name for path in (I18N / "en").glob("*.yaml"))
SOURCES = [
    REPOSITORY / "app.py",
    *(REPOSITORY / "pages").glob("*.py"),
    *(REPOSITORY / "core" / "ui").glob("*.py"),
]
CJK = re.compile(r"[\u3400-\u9fff]")
DRAWN = {
    "title", "header", "subheader", "caption", "text", "markdown", "write", "button", "toggle", "checkbox", "radio",
    "selectbox", "multiselect", "slider", "select_slider", "text_input", "text_area", "number_input", "file_uploader",
    "metric", "info", "warning", "error", "success", "toast", "expander", "popover", "tabs", "segmented_control",
    "pills", "download_button", "form_submit_button", "page_link", "link_button", "spinner", "dialog", "status",
}  # fmt: skip


def load(language: str, name: str) -> dict[str, str]:
    return yaml.safe_load((I18N / language / name).read_text("utf-8")) or {}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_languages_have_the_same_files() -> None:
    assert sorted(path.name for path in (I18N / "zh").glob("*.yaml")) == FILES


@pytest.mark.parametrize("name", FILES)
def test_languages_have_the_same_texts_with_the_same_fields(name: str) -> None:
    english, chinese = load("en", name), load("zh", name)
    assert english.keys() == chinese.keys()
    unlike = {key for key in english if fields(str(english[key])) != fields(str(chinese[key]))}
    assert not unlike


@pytest.mark.parametrize("name", FILES)
def test_english_is_english(name: str) -> None:
    assert not [key for key, value in load("en", name).items() if CJK.search(str(value))]


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_text_that_code_asks_for_exists_with_its_fields(path: Path) -> None:
    wrong = []
    for call in calls(path):
        if not (isinstance(call.func, ast.Name) and call.func.id == "t" and call.args):
            continue
        key = call.args[0]
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            continue
        page, _, name = key.value.partition(".")
        texts = load("en", f"{page}.yaml") if f"{page}.yaml" in FILES else {}
        given = {keyword.arg for keyword in call.keywords}
        if name not in texts or (None not in given and not fields(str(texts[name])) <= given):
            wrong.append((call.lineno, key.value))
    assert not wrong


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_words_for_the_screen_are_written_in_code(path: Path) -> None:
    """No Chinese outside the texts (and the languages' own names), and no English words handed to a widget."""
    found = []
    for call in calls(path):
        if not (isinstance(call.func, ast.Attribute) and call.func.attr in DRAWN):
            continue
        owner = call.func.value
        if not (
            isinstance(owner, ast.Name) and owner.id in {"st", "left", "right", "column", "place", "told"}
        ):
            continue
        shown = [arg for arg in call.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        shown += [
            k.value
            for k in call.keywords
            if k.arg in ("label", "help", "placeholder", "body") and isinstance(k.value, ast.Constant)
        ]
        found += [(call.lineno, arg.value) for arg in shown if re.search(r"[A-Za-z]{2}", str(arg.value))]
    chinese = [
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CJK.search(node.value)
    ]
    assert not found
    assert [entry for entry in chinese if entry[1] not in text.LANGUAGES.values()] == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_relation_type_and_family_has_a_name(language: str) -> None:
    texts = load(language, "ontology.yaml")
    wanted = {f"relation_{name}" for name in RELATIONS} | {f"family_{family.value}" for family in Family}
    assert wanted | {f"type_{relation.node_type}" for relation in RELATIONS.values()} <= texts.keys()


def test_relations_of_a_shop_are_spelt_out() -> None:
    assert relation_label("usedFor") == "used for"
    assert relation_label("netContent") == "net content"
    assert relation_label("容量规格") == "容量规格"
    assert type_label("NetContent") == "Net content"


def test_names_follow_the_language() -> None:
    with speaking("zh"):
        assert (relation_label("material"), family_label(Family.USE), type_label("Color")) == (
            "材质",
            "用途",
            "颜色",
        )


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (1234567, "1,234,567"), (1234.5, "1,234"), (0.012345, "0.0123"), (-3, "−3"), (12.34, "12.3"),
     (None, "–"), (float("nan"), "–")],
)  # fmt: skip
def test_numbers(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_shares_and_digits() -> None:
    assert [percent(v) for v in (0.5, 0.062, 0.0, None)] == ["50%", "6.2%", "0%", "–"]
    assert (percent(0.12345, 2), number(1.5, 2)) == ("12.35%", "1.50")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [(5, "just now", "刚刚"), (180, "3 min ago", "3 分钟前"), (7200, "2 h ago", "2 小时前"),
     (90_000, "yesterday", "昨天"), (3 * 86_400, "3 days ago", "3 天前")],
)  # fmt: skip
def test_relative_times(seconds: float, english: str, chinese: str) -> None:
    assert ago(1_000_000 - seconds, now=1_000_000) == english
    with speaking("zh"):
        assert ago(1_000_000 - seconds, now=1_000_000) == chinese


def test_two_of_one_name_are_told_apart_by_their_marks() -> None:
    names = {"a": "quick", "b": "quick", "c": "quick", "d": "best"}
    marks = {"a": "Monday", "b": "Friday", "c": "Friday", "d": "Friday"}
    assert distinct(names, marks) == {
        "a": "quick · Monday",
        "b": "quick · Friday · b",
        "c": "quick · Friday · c",
        "d": "best",
    }


def test_durations() -> None:
    assert [duration(s) for s in (0.42, 48, 200, 1800, 7500, None)] == [
        "0.4 s",
        "48 s",
        "3 min 20 s",
        "30 min",
        "2 h 5 min",
        "–",
    ]
