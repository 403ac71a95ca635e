"""The ways to read a labelled file: taggers, a language model, or taggers first and the model for the doubtful."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.domain import Document, DocumentKind, canonical_json, content_hash
from core.extract import companions, shipped, tagger_training, trims
from core.extract.ensemble import Ensemble, Weights, best
from core.extract.ground import Span
from core.extract.joint import doubt_of
from core.extract.labelled import Asked, Labelled
from core.extract.llm_reader import LlmConfig, LlmReader
from core.extract.opinion import Trust, compared, weigh
from core.extract.query import Query
from core.extract.schema import Attribute, Schema
from core.extract.similar import Similar
from core.llm.base import LanguageModel

if TYPE_CHECKING:
    from core.extract.span_reader import SpanReader, SpanReaderConfig

METHODS = ("tagger", "llm", "cascade")
_GROUP = 8

Values = Mapping[str, Span]


@dataclass(frozen=True)
class Readings:
    """What was found: at most one span an attribute and text. ``seconds`` is of reading, without training;
    ``tokens`` are those of prompts and replies; ``by_model`` counts the texts a language model read; ``trust`` is how
    the model stood beside what was sure."""

    values: Sequence[Values]
    seconds: float
    train_seconds: float = 0.0
    tokens: int = 0
    by_model: int = 0
    trust: Trust = field(default_factory=Trust)


@dataclass(frozen=True, slots=True)
class MethodConfig:
    """``share`` is the part of the texts that a cascade hands to the language model, in [0, 1]; ``trust`` how often the
    model is right where it gives a value, as far as that is known before."""

    method: str = "tagger"
    share: float = 0.1
    trust: float = 0.6
    llm: LlmConfig = field(default_factory=LlmConfig)


def read(
    items: Sequence[Labelled],
    asked: Asked,
    train: Sequence[Labelled] = (),
    model: LanguageModel | None = None,
    config: MethodConfig | None = None,
) -> Readings:
    """Read the texts of ``items`` (their gold is not looked at), taught by ``train`` where there is any, else by
    what is shipped. ``model`` is needed for the methods ``llm`` and ``cascade``."""
    chosen = config or MethodConfig()
    if chosen.method == "llm":
        return _by_model(items, asked, train, _needed(model), chosen)
    begun = time.perf_counter()
    both = taught(train, asked, judged=items) if train else shipped.default_ensemble()
    trained = time.perf_counter() - begun
    begun = time.perf_counter()
    spans = both.read([query(item, asked) for item in items])
    values = [best(found, both.weights.threshold) for found in spans]
    seconds = time.perf_counter() - begun
    first = Readings(values, seconds, trained)
    if chosen.method == "tagger":
        return first
    return _second_look(items, asked, train, _needed(model), chosen, first, spans, both.weights.threshold)


def taught(
    train: Sequence[Labelled],
    asked: Asked,
    config: SpanReaderConfig | None = None,
    *,
    judged: Sequence[Labelled] = (),
    start: SpanReader | None = None,
    weights: Weights | None = None,
    on_epoch: Callable[[int, int, float], None] | None = None,
) -> Ensemble:
    """Both taggers, taught by labelled texts. The span reader goes on from ``start``; where none is given from the
    shipped one, unless that was taught by one of the texts that are to be ``judged``."""
    from core.extract import span_reader

    crf = tagger_training.train([item.example for item in train])
    reader = span_reader.train(
        [query(item, asked, gold=True) for item in train], config, start or _fair_start(judged), on_epoch
    )
    cut = trims.learn((item.text, item.values) for item in train)
    return Ensemble(
        crf, reader, weights, cut, companions.learn((item.category, item.values) for item in train)
    )


def _fair_start(judged: Sequence[Labelled]) -> SpanReader | None:
    reader = shipped.default_reader()
    return None if any(reader.has_seen(item.text) for item in judged) else reader


def query(item: Labelled, asked: Asked, *, gold: bool = False) -> Query:
    """The question put to the taggers about a text."""
    wording = {
        name: f"{name}: {told}" if told else name for name, told in asked.get(item.category, {}).items()
    }
    return Query(item.text, item.category, wording, item.spans if gold else ())


def schema_of(asked: Asked) -> Schema:
    """The schema for a language model; relations are the attributes' names."""
    made = {
        category.strip().casefold(): tuple(
            Attribute(name, {"en": name}, {"en": told} if told else {}) for name, told in attributes.items()
        )
        for category, attributes in asked.items()
    }
    general = {attribute.relation: attribute for attributes in made.values() for attribute in attributes}
    version = content_hash(canonical_json({c: dict(a) for c, a in asked.items()}))[:12]
    return Schema({"en": "labels"}, tuple(general.values()), made, version, strict=True)


def _by_model(
    items: Sequence[Labelled],
    asked: Asked,
    train: Sequence[Labelled],
    model: LanguageModel,
    config: MethodConfig,
) -> Readings:
    shown = Similar([item.example for item in train]) if train else None
    reader = LlmReader(model, schema_of(asked), shown, config.llm)
    begun = time.perf_counter()
    values: list[Values] = []
    tokens = 0
    for first in range(0, len(items), _GROUP):
        group = items[first : first + _GROUP]
        documents = [_document(item, first + at) for at, item in enumerate(group)]
        for reading in reader.read(documents, [item.category for item in group]):
            values.append(best(reading.spans, 0.0))
            tokens += reading.prompt_tokens + reading.new_tokens
    return Readings(values, time.perf_counter() - begun, 0.0, tokens, len(items))


def _second_look(
    items: Sequence[Labelled],
    asked: Asked,
    train: Sequence[Labelled],
    model: LanguageModel,
    config: MethodConfig,
    first: Readings,
    spans: Sequence[Sequence[Span]],
    threshold: float,
) -> Readings:
    wanted = round(config.share * len(items))
    ranked = sorted(range(len(items)), key=lambda at: (-doubt_of(spans[at]), at))
    places = sorted(ranked[:wanted])
    looked = _by_model([items[at] for at in places], asked, train, model, config)
    values = list(first.values)
    seen = Trust()
    for at, found in zip(places, looked.values, strict=True):
        seen += compared(items[at].text, list(values[at].values()), list(found.values()))
    trust = seen.after(config.trust)
    for at, found in zip(places, looked.values, strict=True):
        values[at] = _settled(items[at].text, values[at], found, trust, threshold)
    return Readings(
        values, first.seconds + looked.seconds, first.train_seconds, looked.tokens, looked.by_model, seen
    )


def _settled(text: str, first: Values, second: Values, trust: float, threshold: float) -> Values:
    """For each attribute the surest value once both were heard; agreement is one value."""
    one, other = list(first.values()), list(second.values())
    verdict = weigh(text, one, other, trust)
    sure = [*zip(one, verdict.first, strict=True), *zip(other, verdict.second, strict=True)]
    return best([Span(s.start, s.end, s.relation, confidence) for s, confidence in sure], threshold)


def _document(item: Labelled, number: int) -> Document:
    return Document.of(f"{number}/{item.id}", item.id, "text", DocumentKind.TEXT, item.text)


def _needed(model: LanguageModel | None) -> LanguageModel:
    if model is None:
        raise ValueError("this method needs a language model")
    return model
