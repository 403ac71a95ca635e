"""The language model's part of a proposal: it picks attributes from a list, then copies their values from the texts.

Both replies are bounded: names can only be ones of the list, values only pieces of the text. A pick without a value
that stands in two products is dropped, so that even the smallest model can do no harm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml

from core.domain import Document, DocumentKind
from core.extract.example import Example
from core.extract.findings import Finding, definitions, language_of
from core.extract.ground import Span, find, place, says_something
from core.extract.prompt import Question, ask
from core.extract.propose import Sample, is_of
from core.extract.schema import Attribute, Schema
from core.extract.tokens import fold
from core.llm.base import Completion, LanguageModel, ModelCard
from core.llm.grammar import CopyForm
from core.settings import ASSETS

DEMONSTRATIONS = ASSETS / "schemas" / "stock" / "demonstrations.yaml"
TEXTS = 6
SHOWN = 4
TEXT_CHARS = 360
SHOWN_CHARS = 240
VALUE_CHARS = 40
PICKS = 8
MOST_TOKENS = 100
_MOST_NAMES = 2
"""A model that copies the same words under more names than this has understood none of them."""
_WORDING = {
    "en": {
        "task": "Which of the attributes do product texts tell a value of? Write their names, separated by |.",
        "list": "Attributes:",
        "head": "Texts of the category {category}:",
        "any": "Texts of one shop:",
        "name": "Names",
    },
    "zh": {
        "task": "商品文字说明了其中哪些属性的值？写出属性名，用 | 隔开。",
        "list": "属性：",
        "head": "类目“{category}”的文字：",
        "any": "一家店铺的文字：",
        "name": "属性名",
    },
}


@dataclass(frozen=True, slots=True)
class ModelOpinion:
    """What a model found. ``picked`` are the relations it chose; ``texts`` it read, ``unspoken`` were in languages it
    does not speak; tokens are those of prompts and replies, 0 where replies were kept from before."""

    findings: tuple[Finding, ...]
    picked: tuple[str, ...]
    texts: int
    unspoken: int
    tokens: int
    seconds: float


def opinion(
    model: LanguageModel, card: ModelCard, sample: Sample, schema: Schema, asked: Sequence[str] = ()
) -> ModelOpinion:
    """Ask the model twice about the sample. Raises ModelUnavailable, ExtractionError."""
    everything = _texts(sample)
    texts = [document for document in everything if card.speaks(document.language)]
    unspoken = len(everything) - len(texts)
    known = definitions(schema)
    candidates = {n: a for n, a in known.items() if n not in {*asked, "category"} and a.source == "product"}
    if not texts or not candidates:
        return ModelOpinion((), (), 0, unspoken, 0, 0.0)
    texts = texts[:TEXTS]
    language = Counter(language_of(document) for document in texts).most_common(1)[0][0]
    prompt, form, names = question(texts, list(candidates.values()), language, sample.category)
    (reply,) = model.complete([prompt], [form], max_tokens=MOST_TOKENS)
    # A reply that was cut short has no line break at its end.
    parsed = form.parse(reply.text.rstrip("\n") + "\n")
    values = [fold(value) for listed in parsed.values() for value, _end in listed]
    picked = list(dict.fromkeys(names[value] for value in values if value in names))[:PICKS]
    if not picked:
        return ModelOpinion((), (), len(texts), unspoken, *_cost([reply]))
    attributes = [candidates[name] for name in picked]
    questions = [_question(document, attributes) for document in texts]
    replies = model.complete(
        [each.prompt for each in questions], [each.form for each in questions], max_tokens=MOST_TOKENS
    )
    findings: list[Finding] = []
    for document, each, answer in zip(texts, questions, replies, strict=True):
        spans = _spans(_start(document), each.form.parse(answer.text), each.relations)
        findings += [Finding(s.relation, "model", document, s.start, s.end) for s in spans]
    sound = [finding for finding in findings if is_of(candidates[finding.relation], finding.value)]
    seen = Counter(name for name, _ in {(f.relation, f.document.product_id) for f in sound})
    sound = [finding for finding in sound if seen[finding.relation] >= min(2, len(texts))]
    return ModelOpinion(tuple(sound), tuple(picked), len(texts), unspoken, *_cost([reply, *replies]))


def question(
    texts: Sequence[Document], candidates: Sequence[Attribute], language: str, category: str
) -> tuple[str, CopyForm, dict[str, str]]:
    """The prompt that asks for names, its form, and the relation of each name (folded)."""
    wording = _WORDING[language]
    labels = {_flat(attribute.named(language)): attribute.relation for attribute in candidates}
    # A line break between names keeps a value from reaching over two of them.
    pieces = tuple(piece for label in labels for piece in (label, "\n"))
    form = CopyForm((wording["name"],), pieces, max_values=PICKS, max_chars=40)
    by_relation = {relation: label for label, relation in labels.items()}
    shown = []
    for example in demonstrations()[language]:
        relations = list(dict.fromkeys(span.relation for span in example.spans))
        told = [by_relation[relation] for relation in relations if relation in by_relation]
        shown.append(f"- {example.text}\n{form.render({wording['name']: told})}")
    head = wording["head"].format(category=category) if category else wording["any"]
    lines = "\n".join(f"- {_flat(document.text)[:SHOWN_CHARS]}" for document in texts[:SHOWN])
    start = f"{wording['task']}\n\n{wording['list']} {', '.join(labels)}\n"
    prompt = "\n".join([start, *shown, head, lines]) + "\n"
    return prompt, form, {fold(label): relation for label, relation in labels.items()}


@cache
def demonstrations() -> dict[str, tuple[Example, ...]]:
    """Worked examples by language."""
    raw = yaml.safe_load(DEMONSTRATIONS.read_text("utf-8"))
    return {language: tuple(_example(one) for one in listed) for language, listed in raw.items()}


def _example(raw: dict[str, Any]) -> Example:
    spans: list[Span] = []
    for relation, values in raw["values"].items():
        for value in values:
            start, end = find(raw["text"], value)[0]
            spans.append(Span(start, end, relation))
    return Example(raw["text"], tuple(spans))


def _question(document: Document, attributes: Sequence[Attribute]) -> Question:
    shown = demonstrations()[language_of(document)]
    asked = ask(_start(document), attributes, shown, max_values=2)
    return replace(asked, form=replace(asked.form, max_chars=VALUE_CHARS))


def _start(document: Document) -> str:
    return document.text[:TEXT_CHARS]


def _texts(sample: Sample) -> list[Document]:
    """One text a product, its longest, in the order of the sample."""
    longest: dict[str, Document] = {}
    for document in sample.documents:
        kept = longest.get(document.product_id)
        if document.kind is DocumentKind.TEXT and (kept is None or len(document.text) > len(kept.text)):
            longest[document.product_id] = document
    return [longest[product] for product in sample.products if product in longest]


def _spans(
    text: str, parsed: dict[str, tuple[tuple[str, int], ...]], relations: dict[str, str]
) -> list[Span]:
    given = Counter(value for listed in parsed.values() for value in {value for value, _ in listed})
    found: list[Span] = []
    for name, listed in parsed.items():
        for value, _end in listed:
            where = place(text, value, found)
            if where and says_something(value) and given[value] <= _MOST_NAMES:
                found.append(Span(where[0], where[1], relations[name]))
    return found


def _cost(replies: Sequence[Completion]) -> tuple[int, float]:
    fresh = [reply for reply in replies if not reply.cached]
    tokens = sum(reply.prompt_tokens + reply.new_tokens for reply in fresh)
    return tokens, sum(reply.seconds for reply in fresh)


def _flat(text: str) -> str:
    return " ".join(text.split())
