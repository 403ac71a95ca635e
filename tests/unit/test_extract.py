"""Schema, columns, tagger, patterns, scorers: what a caller gets."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from core.domain import Document, DocumentKind
from core.errors import DataError, ExtractionError, SchemaError
from core.extract import columns, patterns, schema, score
from core.extract.example import Example
from core.extract.ground import Span, is_grounded, says_something
from core.extract.prompt import ask
from core.extract.shipped import read_gold
from core.extract.similar import Similar
from core.extract.tagger import Tagger
from core.extract.tagger_training import TaggerConfig, train
from core.extract.teach import examples_of, tagger_of, teach
from core.ontology import Family, family
from core.settings import REPOSITORY
from core.storage.workspaces import Workspace


def cell(column: str, text: str) -> Document:
    return Document.of(f"p/{column}", "p", column, DocumentKind.CELL, text)


def words(text: str, spans: list[Span] | tuple[Span, ...]) -> dict[str, str]:
    return {text[span.start : span.end]: span.relation for span in spans}


# Schema


def test_the_default_schema_knows_the_sample_categories_in_both_languages_and_any_other() -> None:
    shop = schema.default()
    assert shop.attributes("咖啡与茶") == shop.attributes("Coffee & tea")
    assert {a.relation for a in shop.attributes("Skin care")} > {"ingredient", "suitedTo"}
    assert {a.relation for a in shop.attributes("Garden gnomes")} > {"brand", "material"}
    assert {a.relation for a in shop.attributes(None, "review")} == {"praisedFor", "criticisedFor"}
    assert all(a.named(code) and a.described(code) for a in shop.general for code in ("en", "zh"))


@pytest.mark.parametrize(
    ("relation", "value", "verdict"),
    [("weight", "heavy", "type_mismatch"), ("weight", "2.5 kg", ""), ("size", "XL", ""),
     ("packSize", "3 l", "type_mismatch"), ("packSize", "6片", ""),
     ("horoscope", "Leo", "outside_schema"), ("color", "anything", "")],
)  # fmt: skip
def test_a_claim_is_judged_by_the_schema(relation: str, value: str, verdict: str) -> None:
    assert schema.default().verdict(relation, value) == verdict


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "not YAML"), ("- 1", "mapping"), ("attributes: {x: {type: colour}}", "value type"),
     ("attributes: {x: {unit: blorp}}", "Unit"), ("attributes: {x: {}}\ncategories: [{names: [A], ask: [y]}]", "'y'"),
     ("attributes: {x: {}}\ncategories: [{names: [A]}]", "`ask`")],
)  # fmt: skip
def test_a_malformed_schema_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SchemaError, match=message) as caught:
        schema.load(path)
    assert "mine.yaml" in caught.value.where
    assert caught.value.remedy


def test_the_version_of_a_schema_is_its_content() -> None:
    raw = {"attributes": {"color": {"label": "Color"}}}
    assert schema.from_dict(raw).version == schema.from_dict(json.loads(json.dumps(raw)), "elsewhere").version
    raw["attributes"]["color"]["label"] = "Colour"
    assert (
        schema.from_dict(raw).version
        != schema.from_dict({"attributes": {"color": {"label": "Color"}}}).version
    )


# Columns


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("brand", "Sonvaro", [("brand", "Sonvaro")]),
        ("category", "Home > Kitchen", [("category", "Home"), ("category", "Kitchen")]),
        ("attr:Colour", " Red; Dark grey ", [("color", "Red"), ("color", "Dark grey")]),
        ("attr:适用人群", "新手、学生", [("audience", "新手"), ("audience", "学生")]),
        ("attr:Energy label", "A+", [("energyLabel", "A+")]),
        ("attr:Material", "n/a", []),
        ("price", "12.50", []),
    ],
)
def test_a_cell_asserts_its_values_at_their_places(
    column: str, text: str, expected: list[tuple[str, str]]
) -> None:
    document = cell(column, text)
    found = list(columns.read(document, schema.default()))
    assert [(a.relation, a.object) for a in found] == expected
    assert all(is_grounded(text, a.object, a.start, a.end) for a in found)


# Tagger

COLORS = ("red", "navy blue", "forest green", "black", "white", "grey", "sand", "teal")
MATERIALS = ("steel", "oak", "cotton", "glass", "linen", "cast iron", "bamboo", "felt")
THINGS = ("mug", "lamp", "desk mat", "tray", "bottle", "tent", "apron", "stand")
中文 = (
    ("红色", "不锈钢", "水杯"),
    ("黑色", "橡木", "托盘"),
    ("墨绿", "帆布", "背包"),
    ("米白色", "陶瓷", "茶壶"),
)


def lesson(text: str, *labelled: tuple[str, str], category: str = "Home") -> Example:
    spans = tuple(Span(text.index(v), text.index(v) + len(v), relation) for v, relation in labelled)
    return Example(text, spans, category)


def lessons(seed: int, count: int) -> list[Example]:
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        color, material, thing = chance.choice(COLORS), chance.choice(MATERIALS), chance.choice(THINGS)
        pattern = chance.choice(
            ("{c} {m} {t} for every day", "{t} of {m}, {c}", "our {t} comes in {c} and {m}")
        )
        text = pattern.format(c=color, m=material, t=thing)
        made.append(lesson(text, (color, "color"), (material, "material"), (thing, "productType")))
        c, m, t = chance.choice(中文)
        made.append(lesson(f"{c}{m}{t}，日常好物", (c, "color"), (m, "material"), (t, "productType")))
    return made


@pytest.fixture(scope="module")
def taught() -> Tagger:
    return train(lessons(1, 40), TaggerConfig(iterations=40))


def test_the_tagger_reads_new_sentences_in_both_languages(taught: Tagger) -> None:
    text = "our tray comes in teal and bamboo"
    assert words(text, taught.read(text, "Home").spans) == {
        "tray": "productType",
        "teal": "color",
        "bamboo": "material",
    }
    text = "墨绿陶瓷水杯，日常好物"
    assert words(text, taught.read(text, "Home").spans) == {
        "墨绿": "color",
        "陶瓷": "material",
        "水杯": "productType",
    }


def test_the_tagger_doubts_what_is_new_to_it(taught: Tagger) -> None:
    usual = taught.read("navy blue linen apron for every day", "Home")
    strange = taught.read("Zyx 3000 quantum flux regulator mk IV, OEM", "Garage")
    assert strange.doubt > usual.doubt
    assert all(0 <= span.confidence <= 1 for span in (*usual.spans, *strange.spans))


def test_a_tagger_is_the_same_in_any_order_and_after_saving(taught: Tagger, tmp_path: Path) -> None:
    again = train(lessons(1, 40)[::-1], TaggerConfig(iterations=40))
    taught.save(tmp_path)
    loaded = Tagger.load(tmp_path)
    text = "lamp of oak, forest green"
    assert taught.version == again.version == loaded.version
    assert taught.read(text) == again.read(text) == loaded.read(text)
    (tmp_path / "tagger.json").write_text("{")
    with pytest.raises(ExtractionError):
        Tagger.load(tmp_path)


def test_no_labels_no_tagger() -> None:
    with pytest.raises(DataError):
        train([Example("a red mug", ())])


def test_corrections_are_learnt_and_kept_by_the_workspace(workspace: Workspace) -> None:
    from core.domain import Assertion

    documents, claims = [], []
    for number, color in enumerate(COLORS):
        text = f"Quux {color} gadget {number}"
        document = Document.of(f"p{number}/title", f"p{number}", "title", DocumentKind.TEXT, text)
        documents.append(document)
        claims.append(
            Assertion.of(
                document, "brand", 0, 4, extractor="reviewer", extractor_version="1", schema_version="s"
            )
        )
    examples = examples_of(documents, claims, {})
    assert [words(e.text, e.spans) for e in examples] == [{"Quux": "brand"}] * len(COLORS)
    stale = Document.of("p0/title", "p0", "title", DocumentKind.TEXT, "changed since")
    assert examples_of([stale], claims, {}) == []
    made = teach(workspace, examples, with_sample=False)
    again = tagger_of(workspace)
    assert again.version == made.version
    assert "Quux" in words("Quux teal gadget 9", again.read("Quux teal gadget 9").spans)


def test_the_gold_of_the_sample_is_grounded() -> None:
    examples = read_gold()
    assert sum(1 for e in examples if e.spans) >= 60
    assert {e.kind for e in examples} == {"text", "review"}


def test_a_gold_fact_that_is_not_in_its_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    fact = {"relation": "color", "value": "red", "start": 3, "end": 6}
    path.write_text(
        json.dumps(
            {
                "id": "p",
                "category": "",
                "documents": [{"id": "p/title", "text": "a red mug", "facts": [fact]}],
            }
        )
    )
    with pytest.raises(DataError, match="line 1"):
        read_gold(path)


# Patterns


def test_an_unlabelled_text_has_facts_at_once() -> None:
    text = "Stainless steel bottle 0.75 l (20 x 8 cm, 340g), pack of 2, for hiking"
    found = words(text, patterns.product_spans(text))
    assert found["0.75 l"] == "capacity"
    assert found["20 x 8 cm"] == "size"
    assert found["340g"] == "weight"
    assert found["pack of 2"] == "packSize"
    assert found["Stainless steel"] == "material"
    assert found["hiking"] == "usedFor"
    text = "新款不锈钢保温杯500毫升 黑色"
    assert words(text, patterns.product_spans(text)).items() >= {
        "不锈钢": "material", "500毫升": "capacity", "黑色": "color"
    }.items()  # fmt: skip


def test_opinions_follow_the_nearest_judgement_and_turn_with_a_negation() -> None:
    text = "The battery life is great. The app is terrible. The sound is not good. 音质很好，但是做工一般。"
    assert words(text, patterns.opinion_spans(text)) == {
        "battery life": "praisedFor", "app": "criticisedFor", "sound": "criticisedFor",
        "音质": "praisedFor", "做工": "criticisedFor",
    }  # fmt: skip


# Prompts


def test_a_prompt_shows_the_most_similar_example_last_and_keeps_its_length() -> None:
    shown = Similar(lessons(2, 30))
    near = shown.nearest("a red mug of oak", 3, "Home")
    assert len(near) == 3
    question = ask("a red mug of oak", schema.default().attributes("Kitchen"), near, max_chars=1_800)
    assert len(question.prompt) <= 1_800
    assert question.prompt.endswith("Text: a red mug of oak\n")
    assert question.form.text == "a red mug of oak"
    assert "阅读" in ask("红色水杯", schema.default().attributes("厨房"), []).prompt
    assert shown.nearest(near[-1].text, 1)[0].text != near[-1].text


# Scores


def test_the_two_scorers_count_as_the_readme_says() -> None:
    gold = {"Brand": ["A"], "Color": [], "Size": ["2 l", "2l"], "Kind": ["x"]}
    found = {"Brand": "A", "Color": "red", "Size": "2", "Extra": "y", "Unasked": "z"}
    only = score.annotated_only(gold, found)
    assert (only.vc, only.nv, only.vw, only.vn, only.nn) == (1, 1, 1, 1, 0)
    assert (only.precision, only.recall) == pytest.approx((1 / 3, 1 / 3))
    strict = score.strict(gold, found, ["Brand", "Color", "Size", "Kind", "Extra", "Other"])
    assert (strict.nv, strict.nn) == (2, 1)
    assert strict.f1 == pytest.approx(2 * (1 / 4) * (1 / 3) / (1 / 4 + 1 / 3))


def test_span_scores_and_calibration() -> None:
    result = score.span_scores([{(0, 2, "a"), (3, 4, "b")}], [{(0, 2, "a"), (3, 5, "b")}])
    assert result == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert score.calibration_error([0.9] * 10, [True] * 9 + [False]) == pytest.approx(0.0)
    assert score.calibration_error([0.9] * 10, [False] * 10) == pytest.approx(0.9)


def test_reading_starts_without_the_heavy_packages() -> None:
    code = "import core.extract.cascade, core.llm.registry, sys; print([m for m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    loaded = set(eval(done.stdout))  # noqa: S307
    assert not loaded & {"torch", "transformers", "pandas", "sklearn", "openai", "llguidance"}


@pytest.mark.parametrize(
    "value", ["steel", "The North Face", "at home", "7", "不锈钢", "C", "no-slip", "école"]
)
def test_words_that_name_something_are_a_value(value: str) -> None:
    assert says_something(value)


@pytest.mark.parametrize("value", ["The", "of the", "", " ", "–", "***", "的", "and / or", "🙂"])
def test_words_that_name_nothing_are_none(value: str) -> None:
    assert not says_something(value)


@pytest.mark.parametrize(
    ("text", "relation", "name"),
    [
        ("Compatible with the Hario V60 dripper and most mugs.", "isCompatibleWith", "Hario V60 dripper"),
        ("Fits iPhone 15 Pro Max", "isCompatibleWith", "iPhone 15 Pro Max"),
        ("Replacement filter for Brita Marella jugs", "isAccessoryOrSparePartFor", "Brita Marella"),
        ("Part of the Drift 2 travel set by Sonvaro", "isPartOf", "Drift 2 travel set"),
        ("A fine alternative to Nescafé Gold", "isSimilarTo", "Nescafé Gold"),
        ("Pairs well with Larkmoor tent pegs", "isRelatedTo", "Larkmoor"),
        ("兼容苹果手机和安卓", "isCompatibleWith", "苹果手机"),
        ("可替代星巴克挂耳咖啡。", "isSimilarTo", "星巴克挂耳咖啡"),
    ],
)
def test_a_link_said_in_words_names_its_product(text: str, relation: str, name: str) -> None:
    found = {(span.relation, text[span.start : span.end]) for span in patterns.product_spans(text)}
    assert (relation, name) in found


@pytest.mark.parametrize(
    "text", ["Compatible with most machines", "fits nicely in a bag", "Made from Italian leather"]
)
def test_a_phrase_that_names_nothing_is_no_link(text: str) -> None:
    assert not any(family(span.relation) is Family.LINK for span in patterns.product_spans(text))


@pytest.mark.parametrize(
    ("column", "relation"),
    [
        ("Compatible with", "isCompatibleWith"),
        ("Part of", "isPartOf"),
        ("替代品", "isSimilarTo"),
        ("Used by", "audience"),
    ],
)
def test_columns_that_link_products_have_their_relation(column: str, relation: str) -> None:
    assert columns.relation_of(column, schema.default()) == relation
