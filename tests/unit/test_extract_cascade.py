"""The cascade: what is read by what, in what order, at what price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import Document, DocumentKind, EntryKind
from core.errors import Cancelled, ConfigError
from core.extract.budget import Budget, Cost, Limits, Price
from core.extract.cascade import CascadeConfig, Reader, Reading, Work
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.schema import default
from core.extract.tagger import Tagger
from core.extract.tagger_training import TaggerConfig, train
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


class Clock:
    """Time that passes only when something is read."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


LIMITS = st.builds(
    Limits, st.sampled_from([0, 900, 1_500, 4_000]), st.sampled_from([0, 3, 9]), st.sampled_from([0, 0.002])
)


@settings(max_examples=25, deadline=None)
@given(LIMITS, st.integers(1, 12))
def test_no_budget_is_overrun_by_more_than_the_group_in_flight(limits: Limits, products: int) -> None:
    clock = Clock()
    budget = Budget(limits, Price(1.0, 4.0), clock=clock)

    class Slow(Parrot):
        def complete(self, prompts: Sequence[str], *args: Any, **options: Any) -> list[Completion]:
            clock.now += len(prompts)
            return super().complete(prompts, *args, **options)

    works = [work(f"p{n}", "red steel mug") for n in range(products)]
    config = CascadeConfig(llm_products=products)
    reader = Reader(default(), None, Slow(), config=config, budget=budget)
    read = [r for r in reader.read(works) if r.stage == "llm"]
    assert len(read) + reader.skipped["budget"] == products
    assert bool(reader.skipped["budget"]) == bool(budget.stopped)
    largest = 8
    assert not limits.tokens or budget.spent.tokens <= limits.tokens
    assert not limits.seconds or budget.elapsed <= limits.seconds + largest
    money = budget.price.of(budget.spent)
    assert money is not None
    assert not limits.money or money <= limits.money
    if not budget.stopped:
        assert len(read) == products


def test_a_budget_that_is_spent_reads_nothing_and_a_negative_one_is_refused() -> None:
    spent = Budget(Limits(tokens=1_000), spent=Cost(990, 20))
    reader = Reader(default(), None, Parrot(), config=CascadeConfig(llm_products=3), budget=spent)
    stages = [r.stage for r in reader.read([work("a", "red steel mug")])]
    assert "llm" not in stages
    assert (spent.stopped, reader.skipped["budget"]) == ("tokens", 1)
    with pytest.raises(ConfigError):
        Limits(tokens=-1)
    with pytest.raises(ConfigError):
        Reader(default(), config=CascadeConfig(llm_products=-1))


def sure(readings: Sequence[Reading], relation: str) -> dict[tuple[str, str], float]:
    """The last word on each claim of a relation: (extractor, words) to confidence."""
    claims = {a.id: a for r in readings for a in r.assertions if a.relation == relation}
    last = {i: a.confidence for i, a in claims.items()}
    for reading in readings:
        for entry in reading.entries:
            assert entry.kind is EntryKind.WEIGHED
            if entry.target in last:
                last[entry.target] = entry.data["confidence"]
    return {(claims[i].extractor, claims[i].object): confidence for i, confidence in last.items()}


def test_agreement_with_a_trusted_model_raises_and_contradiction_lowers(tagger: Tagger) -> None:
    item = work("a", "glass steel mug")
    alone = sure(list(Reader(default(), tagger).read([item])), "material")
    said = {}
    for words in ("steel", "glass steel"):
        config = CascadeConfig(trust=0.75)
        reader = Reader(default(), tagger, Parrot(Material=words), config=config)
        said[words] = sure(list(reader.read([item])), "material")
    before = alone["tagger", "steel"]
    assert said["steel"]["tagger", "steel"] == said["steel"]["llm:parrot", "steel"] > before
    assert said["glass steel"]["tagger", "steel"] < before
    assert said["glass steel"]["llm:parrot", "glass steel"] < said["steel"]["llm:parrot", "steel"]


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
