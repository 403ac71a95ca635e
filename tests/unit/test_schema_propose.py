"""A schema proposed from a sample: what is found, by whom, and that no example is made up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.domain import Document, DocumentKind
from core.extract import schema
from core.extract.findings import find, stock
from core.extract.ground import is_grounded
from core.extract.propose import Proposal, Sample, chosen, coverage, propose, sample_of, statistics
from core.extract.propose_model import demonstrations, opinion
from core.llm.base import Completion, ModelCard
from core.llm.grammar import CopyForm

SHOP = schema.default()
BULBS = [
    "E27 LED bulb, 9 W, 230 V. Base: E27. Beam angle: 120 degrees. Lasts 15000 hours.",
    "Filament lamp, 4 W, 230 V. Base: E14. Beam angle: 300 degrees. Note: not dimmable.",
    "Spot GU10, 5 W, 230 V\nBase: GU10\nBeam angle: 36 degrees. Note: for dry rooms.",
    "Night light, 1 W, 230 V; Base: plug. Warm and quiet, honestly: lovely.",
]


def document(product: str, text: str, field: str = "description") -> Document:
    kind = DocumentKind.CELL if field.startswith("attr:") else DocumentKind.TEXT
    return Document.of(f"{product}/{field}", product, field, kind, text, language="en")


def bulbs() -> Sample:
    documents = [document(f"p{at}", text) for at, text in enumerate(BULBS)]
    documents += [document(f"p{at}", f"{2700 + 300 * at} K", "attr:Colour_temperature") for at in range(4)]
    documents += [document("p0", "n/a", "attr:Dimmer"), document("p1", "–", "attr:Dimmer")]
    return sample_of("Bulbs", [f"p{at}" for at in range(4)], documents)


def proposals(*asked: str) -> dict[str, Proposal]:
    sample = bulbs()
    return {p.relation: p for p in propose(sample, statistics(sample, SHOP), SHOP, asked)}


def test_columns_lines_and_units_are_found_with_their_words() -> None:
    found = proposals()
    base, angle, voltage = found["base"], found["beamAngle"], found["voltage"]
    temperature = found["colour_temperature"]
    assert (temperature.sources, temperature.products, temperature.attribute.label) == (
        ("columns",), 4, {"en": "Colour temperature"},
    )  # fmt: skip
    assert (base.sources, base.products, base.known) == (("lines",), 4, False)
    assert {"E27", "E14", "GU10", "plug"} == {quote.value for quote in base.quotes}
    assert angle.attribute.label == {"en": "Beam angle"}
    assert (voltage.attribute.value_type, voltage.attribute.unit) == ("quantity", "V")
    assert voltage.examples == {"en": ("230 V",)}
    assert voltage.attribute.label["zh"], "an attribute of the stock brings both languages"
    assert found["power"].known
    assert not {"note", "honestly", "dimmer"} & found.keys(), "remarks and empty cells are no attributes"
    assert all(
        is_grounded(q.document.text, q.value, q.start, q.end) for p in found.values() for q in p.quotes
    )


def test_what_is_asked_already_is_not_proposed_but_counted() -> None:
    assert "power" not in proposals("power")
    sample = bulbs()
    shares = coverage(statistics(sample, SHOP), sample)
    assert (shares["power"], shares["beamAngle"]) == (1.0, 0.75)
    assert "flavor" not in shares


def test_a_value_that_measures_something_else_is_no_example() -> None:
    texts = ["Capacity: 2 l", "Capacity: 500 ml", "Capacity: 3 kg"]
    sample = sample_of("", ["a", "b", "c"], [document(p, text) for p, text in zip("abc", texts, strict=True)])
    (found,) = [p for p in propose(sample, statistics(sample, SHOP), SHOP) if p.relation == "capacity"]
    assert {quote.value for quote in found.quotes} == {"2 l", "500 ml"}


def test_a_chinese_heading_means_the_attribute_of_that_name() -> None:
    texts = ["【适用炉灶】电磁炉 【烘焙度】中烘", "烘焙度：深烘；产区：云南", "烘焙度：浅烘；产区：耶加雪菲"]
    documents = [
        Document.of(f"{p}/t", p, "description", DocumentKind.TEXT, t, language="zh")
        for p, t in zip("abc", texts, strict=True)
    ]
    sample = sample_of("咖啡", list("abc"), documents)
    found = {p.relation: p for p in propose(sample, statistics(sample, SHOP), SHOP)}
    assert found["roastLevel"].attribute == stock()["roastLevel"]
    assert set(found["roastLevel"].examples["zh"]) == {"中烘", "深烘", "浅烘"}
    assert found["产区"].attribute.label == {"zh": "产区"}


@given(some.lists(some.text(max_size=60), min_size=1, max_size=4))
def test_a_finding_is_a_piece_of_its_document_whatever_the_text(texts: list[str]) -> None:
    documents = [document(f"p{at}", f"Base: {text}\n【材质】{text} 5 W") for at, text in enumerate(texts)]
    documents += [document(f"p{at}", text, "attr:x") for at, text in enumerate(texts)]
    for finding in find(documents, SHOP, "", None):
        assert is_grounded(finding.document.text, finding.value, finding.start, finding.end)


def test_a_sample_is_the_same_each_time_and_no_larger_than_asked() -> None:
    ids = [f"p{at}" for at in range(500)]
    assert chosen(ids) == chosen(reversed(ids))
    assert len(chosen(ids, 7)) == 7
    assert chosen(ids, 7) != ids[:7]


class Scripted:
    """Says what it is told to say, inside or outside the form."""

    id = "scripted"
    languages = ("*",)

    def __init__(self, names: str, values: str) -> None:
        self.says = [names, values]
        self.prompts: list[str] = []
        self.forms: list[CopyForm | None] = []

    def complete(
        self, prompts: Sequence[str], forms: Sequence[CopyForm | None], **_: object
    ) -> list[Completion]:
        said = self.says.pop(0)
        self.prompts += prompts
        self.forms += forms
        return [Completion(said, 10, 5, None, 0.1) for _ in prompts]


def card(*languages: str) -> ModelCard:
    return ModelCard("scripted", "Scripted", "endpoint", languages, 0, "")


def test_a_model_can_only_pick_from_the_list_and_copy_from_the_texts() -> None:
    model = Scripted(
        "Names: Warranty | Shape | Voltage | Beauty sleep\n", "Shape: round\nVoltage: 230 V | 110 V\n"
    )
    sample = bulbs()
    said = opinion(model, card("*"), sample, SHOP, ["brand"])
    assert said.picked == ("warranty", "shape", "voltage")
    assert {(finding.relation, finding.value) for finding in said.findings} == {("voltage", "230 V")}
    assert said.tokens == 15 * 5
    assert model.forms[0] is not None
    assert "Brand" not in model.forms[0].text.split("\n"), "what is asked already is not on the list"
    assert all(bulb.partition("\n")[0] in model.prompts[0] for bulb in BULBS)
    (only,) = propose(sample, said.findings, SHOP)
    assert (only.sources, only.likely) == (("model",), False)


def test_words_copied_under_every_name_are_no_values() -> None:
    model = Scripted("Names: Warranty | Shape | Theme\n", "Warranty: bulb\nShape: bulb\nTheme: bulb\n")
    assert opinion(model, card("*"), bulbs(), SHOP).findings == ()


@pytest.mark.parametrize(("languages", "texts"), [(("zh",), 0), (("en",), 4)])
def test_a_model_is_not_asked_about_a_language_it_does_not_speak(
    languages: tuple[str, ...], texts: int
) -> None:
    model = Scripted("Names: none\n", "")
    said = opinion(model, card(*languages), bulbs(), SHOP)
    assert (said.texts, said.unspoken) == (texts, 4 - texts)
    assert bool(model.prompts) == bool(texts)


def test_every_demonstration_is_true() -> None:
    for language, examples in demonstrations().items():
        known = {attribute.relation for attribute in stock().values() if attribute.label[language]}
        for example in examples:
            assert {span.relation for span in example.spans} <= known
            assert all(example.text[span.start : span.end].strip() for span in example.spans)
