"""The cascade: what is read by what, in what order, at what price."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.domain import Document, DocumentKind, EntryKind
from core.errors import Cancelled, ConfigError
from core.extract.cascade import CascadeConfig, Reader, Work
from core.extract.ground import Span
from core.extract.schema import default
from core.extract.tagger import Example, Tagger, TaggerConfig, train
from core.llm.base import Completion, OnToken
from core.llm.grammar import CopyForm


class Parrot:
    """A language model that fills each line with the first words it is told to look for and finds in the text."""

    id = "parrot"
    languages: tuple[str, ...] = ("en",)

    def __init__(self, **values: str) -> None:
        self.values = values
        self.prompts: list[str] = []
        self.calls: list[int] = []

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        self.prompts += prompts
        self.calls.append(len(prompts))
        made = []
        for at, form in enumerate(forms):
            assert form is not None
            lines = {n: [v for v in [self.values.get(n, "")] if v and v in form.text] for n in form.names}
            text = form.render(lines)
            for line in text.splitlines(keepends=True):
                if on_token:
                    on_token(at, line)
            made.append(Completion(text, 100, 10, None, 0.01))
        return made


def work(
    product: str, title: str, *, category: str = "Kitchen", language: str = "en", review: str = ""
) -> Work:
    documents = [
        Document.of(f"{product}/title", product, "title", DocumentKind.TEXT, title, language=language),
        Document.of(f"{product}/brand", product, "brand", DocumentKind.CELL, "Acme"),
    ]
    if review:
        documents.append(
            Document.of(f"{product}r/text", product, "text", DocumentKind.REVIEW, review, language="en")
        )
    return Work(product, tuple(documents), category, "Acme")


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    texts = (
        "red steel mug",
        "black oak tray",
        "white glass mug",
        "grey steel tray",
        "red oak mug",
        "black glass tray",
    )
    examples = []
    for text in texts:
        color, material, thing = text.split()
        named = ((color, "color"), (material, "material"), (thing, "productType"))
        spans = tuple(Span(text.index(v), text.index(v) + len(v), relation) for v, relation in named)
        examples.append(Example(text, spans, "Kitchen"))
    return train(examples, TaggerConfig(iterations=40))


def test_columns_and_tagger_read_every_product_before_the_model_reads_some(tagger: Tagger) -> None:
    model = Parrot(Color="red")
    reader = Reader(default(), tagger, model, config=CascadeConfig(llm_products=1))
    works = [work("a", "red steel mug"), work("b", "Zorp X9 flux thing"), work("c", "black oak tray")]
    order = [(reading.product_id, reading.stage) for reading in reader.read(works)]
    assert order[:6] == [(p, s) for p in "abc" for s in ("columns", "tagger")]
    assert order[6:] == [("b", "llm")], "the one the tagger is least sure of"


def test_every_assertion_is_grounded_and_signed(tagger: Tagger) -> None:
    item = work("a", "red steel mug 350 ml 🫖 Acme", review="The handle is great but the price is terrible")
    documents = {document.id: document for document in item.documents}
    reader = Reader(default(), tagger, Parrot(Color="red", Capacity="350 ml"))
    found = [a for reading in reader.read([item]) for a in reading.assertions]
    assert all(documents[a.document_id].text[a.start : a.end] == a.object for a in found)
    assert {a.extractor for a in found} == {"columns", "tagger", "llm:parrot"}
    assert {a.schema_version for a in found} == {default().version}
    claims = {(a.relation, a.object) for a in found}
    assert claims >= {
        ("brand", "Acme"), ("color", "red"), ("capacity", "350 ml"), ("praisedFor", "handle"),
        ("criticisedFor", "price"),
    }  # fmt: skip


def test_a_product_that_is_pointed_at_comes_first_and_beside_the_budget(tagger: Tagger) -> None:
    works = [work(p, "red steel mug") for p in "abcd"] + [work("e", "Zorp X9", category="Garage")]
    config = CascadeConfig(llm_products=1, pointed=frozenset("c"))
    reader = Reader(default(), tagger, Parrot(), config=config)
    read = [reading.product_id for reading in reader.read(works) if reading.stage == "llm"]
    assert read == ["c", "e"], "then a category the tagger has never seen"


def test_the_choice_does_not_depend_on_the_order_of_the_catalogue(tagger: Tagger) -> None:
    works = [
        work(f"p{n}", title)
        for n, title in enumerate(["red steel mug", "Zorp", "Quux X9", "oak tray", "mug"])
    ]
    chosen = []
    for order in (works, works[::-1]):
        reader = Reader(default(), tagger, Parrot(), config=CascadeConfig(llm_products=3))
        chosen.append([reading.product_id for reading in reader.read(order) if reading.stage == "llm"])
    assert chosen[0] == chosen[1]


def test_a_model_is_not_used_on_a_language_it_does_not_speak(tagger: Tagger) -> None:
    model = Parrot()
    reader = Reader(default(), tagger, model)
    stages = [
        r.stage for r in reader.read([work("z", "红色不锈钢水杯", language="zh"), work("a", "red mug")])
    ]
    assert stages.count("llm") == 1
    assert reader.skipped["language"] == 1
    assert not any("红色" in prompt for prompt in model.prompts)


def test_the_token_budget_stops_the_model(tagger: Tagger) -> None:
    works = [work(f"p{n}", "red steel mug") for n in range(9)]
    reader = Reader(default(), tagger, Parrot(), config=CascadeConfig(llm_products=9, llm_tokens=1_500))
    spent = sum(r.tokens_in + r.tokens_out for r in reader.read(works) if r.stage == "llm")
    assert 0 < spent <= 1_500
    assert reader.skipped["budget"] > 0
    with pytest.raises(ConfigError):
        Reader(default(), config=CascadeConfig(llm_products=-1))


def test_disagreement_lowers_confidence_and_a_trusted_model_sets_a_doubtful_fact_aside(
    tagger: Tagger,
) -> None:
    item = work("a", "glass steel mug")
    agreeing = Reader(default(), tagger, Parrot(Material="steel"), config=CascadeConfig(llm_trust=0.6))
    differing = Reader(default(), tagger, Parrot(Material="glass steel"), config=CascadeConfig(llm_trust=0.6))
    sure = {}
    for name, reader in (("agree", agreeing), ("differ", differing)):
        sure[name] = [a.confidence for r in reader.read([item]) if r.stage == "llm" for a in r.assertions]
    assert sure["differ"][0] == pytest.approx(sure["agree"][0] / 2, abs=1e-3)
    trusted = CascadeConfig(llm_trust=1.0, quarantine_below=1.0)
    readings = list(Reader(default(), tagger, Parrot(Material="glass steel"), config=trusted).read([item]))
    tagged = {a.id: a for r in readings if r.stage == "tagger" for a in r.assertions}
    entries = [entry for r in readings for entry in r.entries]
    assert entries
    assert all(e.kind is EntryKind.QUARANTINED and e.data["reason"] == "contested" for e in entries)
    assert all(tagged[e.target].confidence < 1.0 for e in entries)


def test_words_and_values_are_seen_as_they_come_and_a_cancel_gets_through(tagger: Tagger) -> None:
    events: list[str] = []
    reader = Reader(default(), None, Parrot(Material="steel"), config=CascadeConfig(use_patterns=False))
    list(
        reader.read(
            [work("a", "red steel mug")],
            on_document=lambda document, stage: events.append(f"{stage}:{document.id}"),
            on_token=lambda _document, text: events.append(text),
            on_span=lambda _document, span: events.append(f"{span.relation}@{span.start}-{span.end}"),
        )
    )
    assert events.index("llm:a/title") < events.index("Material: steel\n") < events.index("material@4-9")

    def cancel(_document: str, _text: str) -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        list(reader.read([work("b", "oak tray")], on_token=cancel))


def test_a_long_description_is_read_in_bounded_prompts() -> None:
    sentence = "The tray is made of oak and goes with steel mugs of every size you can think of. "
    item = Work(
        "a",
        (Document.of("a/description", "a", "description", DocumentKind.TEXT, sentence * 40, language="en"),),
    )
    model = Parrot(Material="oak")
    list(Reader(default(), None, model).read([item]))
    assert len(model.prompts) > 5
    assert max(map(len, model.prompts)) <= 2_400
