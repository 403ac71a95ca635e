"""The cascade: columns, then the tagger for every product, then a language model for those that need a closer look.

A reading is handed over as soon as it is made. The language model reads what the user points at, then products of
categories the tagger has not seen, then those it is least sure of, until its budget is spent; which products these
are depends on the catalogue alone, not on order, batches or an interruption.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry
from core.errors import ConfigError
from core.extract import columns, patterns
from core.extract.ground import Span, find
from core.extract.llm_reader import DocumentReading, LlmConfig, LlmReader
from core.extract.schema import Schema
from core.extract.similar import Similar
from core.extract.tagger import Example, Tagger
from core.extract.tokens import fold
from core.llm.base import LanguageModel

TAGGER = "tagger"
COLUMNS = columns.EXTRACTOR
_GROUPS = (1, 2, 4)
_CHARS_PER_TOKEN = 3.5
_DISAGREED = 0.5
CONTESTED = "contested"


@dataclass(frozen=True, slots=True)
class Work:
    """A product to read: its current documents (those of its reviews too). ``category`` is "" where unknown."""

    product_id: str
    documents: tuple[Document, ...]
    category: str = ""
    brand: str = ""


@dataclass(frozen=True, slots=True)
class CascadeConfig:
    """``llm_products`` and ``llm_tokens`` (prompt and reply; 0 for no limit) bound the language model; ``pointed``
    are product ids it reads whatever the tagger thinks. A tagger span below ``quarantine_below`` that a trusted
    model contradicts is kept apart; ``llm_trust`` scales the model's own probabilities, as small models are too sure
    of themselves."""

    use_tagger: bool = True
    use_patterns: bool = True
    llm_products: int = 20
    llm_tokens: int = 0
    pointed: frozenset[str] = frozenset()
    llm_trust: float = 0.6
    quarantine_below: float = 0.75
    llm: LlmConfig = field(default_factory=LlmConfig)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one step found in one product. ``stage`` is columns, tagger or llm; ``entries`` are further log entries
    (quarantine of what the model contradicts); ``doubt`` is the tagger's, in [0, 1]; ``cached``: at no cost."""

    product_id: str
    stage: str
    assertions: tuple[Assertion, ...]
    entries: tuple[LogEntry, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    doubt: float = 0.0
    cached: bool = False


OnDocument = Callable[[Document, str], None]
OnToken = Callable[[str, str], None]
OnSpan = Callable[[str, Span], None]


class Reader:
    """Reads products. Any of tagger and model may be None; ``examples`` are what the model is shown. ``skipped``
    counts products the model was wanted for but did not read, by reason: ``language`` or ``budget``."""

    def __init__(
        self,
        schema: Schema,
        tagger: Tagger | None = None,
        model: LanguageModel | None = None,
        examples: Sequence[Example] = (),
        config: CascadeConfig | None = None,
    ) -> None:
        self.schema = schema
        self.config = config or CascadeConfig()
        self.tagger = tagger if self.config.use_tagger else None
        self.model = model
        self.skipped: Counter[str] = Counter()
        self._tagged: dict[str, list[Assertion]] = {}
        self._doubts: dict[str, float] = {}
        labelled = [example for example in examples if example.kind == "text"]
        self._llm = (
            LlmReader(model, schema, Similar(labelled) if labelled else None, self.config.llm)
            if model
            else None
        )
        if self.config.llm_products < 0 or self.config.llm_tokens < 0:
            raise ConfigError("A budget cannot be negative.", remedy="Give 0 or more.")

    @property
    def extractors(self) -> tuple[str, ...]:
        """Name and version of each step, for the marks of what has been read by what."""
        version = self.tagger.version if self.tagger else "patterns"
        steps = [f"{COLUMNS}:{columns.VERSION}", f"{TAGGER}:{version}"]
        return tuple(steps + ([f"{self._extractor}:1"] if self.model else []))

    def read(
        self,
        products: Iterable[Work],
        on_document: OnDocument | None = None,
        on_token: OnToken | None = None,
        on_span: OnSpan | None = None,
    ) -> Iterator[Reading]:
        """Readings as they are made: columns and tagger product by product, then the language model's.

        ``on_document(document, stage)`` when a text is about to be read, ``on_token(document id, text)`` as the
        model writes, ``on_span(document id, span)`` as soon as one of its values is complete. An exception raised in
        a callback ends the reading there.
        """
        seen = []
        for work in products:
            yield self.read_columns(work)
            yield self.read_tagger(work, on_document)
            seen.append(work)
        yield from self.read_llm(self.chosen(seen), on_document, on_token, on_span)

    def read_columns(self, work: Work) -> Reading:
        """The facts of the structured cells."""
        begun = time.perf_counter()
        found = columns.read_all(work.documents, self.schema)
        return Reading(work.product_id, COLUMNS, tuple(found), seconds=time.perf_counter() - begun)

    def read_tagger(self, work: Work, on_document: OnDocument | None = None) -> Reading:
        """The facts of all texts and reviews, by tagger and patterns."""
        begun = time.perf_counter()
        found: list[Assertion] = []
        doubt, length = 0.0, 0
        for document in _texts(work):
            if on_document:
                on_document(document, TAGGER)
            spans, unsure, size = self._tag(document, work)
            found += [self._tagger_assertion(document, span) for span in spans]
            if document.kind is DocumentKind.TEXT:
                doubt, length = doubt + unsure * size, length + size
        self._tagged[work.product_id] = found
        self._doubts[work.product_id] = doubt / length if length else 0.0
        seconds = time.perf_counter() - begun
        return Reading(
            work.product_id, TAGGER, tuple(found), seconds=seconds, doubt=self._doubts[work.product_id]
        )

    def chosen(self, products: Sequence[Work]) -> list[Work]:
        """The products for the language model, first the one that needs it most; at most ``llm_products`` beside
        those pointed at. Texts in languages the model does not speak are left out, and counted in ``skipped``."""
        if self.model is None:
            return []
        spoken = [work for work in products if self._spoken(work)]
        self.skipped["language"] += len(products) - len(spoken)
        ranked = sorted(spoken, key=self._need)
        pointed = [work for work in ranked if work.product_id in self.config.pointed]
        others = [work for work in ranked if work.product_id not in self.config.pointed]
        return pointed + others[: self.config.llm_products]

    def read_llm(
        self,
        products: Sequence[Work],
        on_document: OnDocument | None = None,
        on_token: OnToken | None = None,
        on_span: OnSpan | None = None,
    ) -> Iterator[Reading]:
        """The language model's readings, in the order given, until the token budget is spent."""
        if self._llm is None:
            return
        spent, at, number = 0, 0, 0
        while at < len(products):
            size = _GROUPS[number] if number < len(_GROUPS) else 2 * _GROUPS[-1]
            group = self._affordable(products[at : at + size], spent)
            if not group:
                self.skipped["budget"] += len(products) - at
                return
            # The first groups are small: their words are on screen before a full batch would have been read.
            for reading in self._read_group(group, on_document, on_token, on_span):
                spent += 0 if reading.cached else reading.tokens_in + reading.tokens_out
                yield reading
            at, number = at + len(group), number + 1

    def _read_group(
        self,
        group: Sequence[Work],
        on_document: OnDocument | None,
        on_token: OnToken | None,
        on_span: OnSpan | None,
    ) -> Iterator[Reading]:
        assert self._llm is not None
        asked = [(work, document) for work in group for document in self._for_llm(work)]
        for _work, document in asked:
            if on_document:
                on_document(document, "llm")
        documents = [document for _work, document in asked]
        found = list(self._llm.read(documents, [work.category for work, _ in asked], on_token, on_span))
        for work in group:
            mine = [reading for (owner, _), reading in zip(asked, found, strict=True) if owner is work]
            yield self._settled(work, mine)

    def _settled(self, work: Work, readings: Sequence[DocumentReading]) -> Reading:
        assertions: list[Assertion] = []
        contradicted: list[Assertion] = []
        for reading in readings:
            tagged = [
                a for a in self._tagged.get(work.product_id, []) if a.document_id == reading.document.id
            ]
            for span in reading.spans:
                against = [a for a in tagged if _contradicts(span, a)]
                sure = span.confidence * self.config.llm_trust * (_DISAGREED if against else 1.0)
                assertions.append(self._llm_assertion(reading.document, span, sure))
                contradicted += [a for a in against if self._doubtful(a)]
        entries = [
            LogEntry(EntryKind.QUARANTINED, target, {"reason": CONTESTED}, actor=self._extractor)
            for target in dict.fromkeys(a.id for a in contradicted)
        ]
        return Reading(
            work.product_id,
            "llm",
            tuple(assertions),
            tuple(entries),
            sum(reading.prompt_tokens for reading in readings),
            sum(reading.new_tokens for reading in readings),
            sum(reading.seconds for reading in readings),
            self._doubts.get(work.product_id, 0.0),
            bool(readings) and all(reading.cached for reading in readings),
        )

    def _doubtful(self, tagged: Assertion) -> bool:
        # Only a model that is trusted more than the tagger trusts itself may set a tagger's fact aside.
        return tagged.confidence < min(self.config.quarantine_below, self.config.llm_trust)

    def _tag(self, document: Document, work: Work) -> tuple[list[Span], float, int]:
        review = document.kind is DocumentKind.REVIEW
        spans: list[Span] = []
        doubt, size = 1.0, len(document.text)
        if self.tagger:
            allowed = {attribute.relation for attribute in self.schema.every}
            tagging = self.tagger.read(
                document.text, work.category, "review" if review else "text", allowed=allowed
            )
            spans, doubt = list(tagging.spans), tagging.doubt
        if self.config.use_patterns:
            spans += _beside(spans, self._patterns(document, work, review))
        return sorted(spans, key=lambda span: span.start), doubt, size

    def _patterns(self, document: Document, work: Work, review: bool) -> list[Span]:
        if review:
            # A trained tagger knows the reviews' ways better than a rule; the rule is for where there is none.
            trained = self.tagger is not None and "review" in self.tagger.kinds
            return [] if trained else patterns.opinion_spans(document.text)
        wanted = {attribute.relation for attribute in self.schema.every}
        brand = (
            [Span(a, b, "brand", 0.9) for a, b in find(document.text, work.brand)[:1]] if work.brand else []
        )
        return brand + [span for span in patterns.product_spans(document.text) if span.relation in wanted]

    def _affordable(self, group: Sequence[Work], spent: int) -> Sequence[Work]:
        if not self.config.llm_tokens:
            return group
        assert self._llm is not None
        kept = []
        for work in group:
            documents = self._for_llm(work)
            spent += int(sum(self._llm.forecast(document) for document in documents) / _CHARS_PER_TOKEN)
            if spent > self.config.llm_tokens:
                break
            kept.append(work)
        return kept

    def _for_llm(self, work: Work) -> list[Document]:
        spoken = [d for d in work.documents if d.kind is DocumentKind.TEXT and d.text.strip()]
        return [d for d in spoken if self.model is not None and _speaks(self.model, d.language)]

    def _spoken(self, work: Work) -> bool:
        return bool(self._for_llm(work))

    def _need(self, work: Work) -> tuple[bool, float, str]:
        known = self.tagger is not None and (
            not work.category or fold(work.category) in self.tagger.categories
        )
        return known, -self._doubts.get(work.product_id, 1.0), work.product_id

    @property
    def _extractor(self) -> str:
        return f"llm:{self.model.id}" if self.model else "llm"

    def _tagger_assertion(self, document: Document, span: Span) -> Assertion:
        version = self.tagger.version if self.tagger else "patterns"
        return _assertion(document, span, TAGGER, version, self.schema, span.confidence)

    def _llm_assertion(self, document: Document, span: Span, confidence: float) -> Assertion:
        return _assertion(document, span, self._extractor, "1", self.schema, confidence)


def _assertion(
    document: Document, span: Span, extractor: str, version: str, schema: Schema, confidence: float
) -> Assertion:
    return Assertion.of(
        document,
        span.relation,
        span.start,
        span.end,
        extractor=extractor,
        extractor_version=version,
        schema_version=schema.version,
        confidence=round(min(1.0, max(0.0, confidence)), 4),
    )


def _texts(work: Work) -> list[Document]:
    return [d for d in work.documents if d.kind is not DocumentKind.CELL and d.text.strip()]


def _beside(spans: Collection[Span], others: Iterable[Span]) -> list[Span]:
    kept: list[Span] = []
    for other in others:
        if not any(other.overlaps(span) for span in (*spans, *kept)):
            kept.append(other)
    return kept


def _contradicts(span: Span, tagged: Assertion) -> bool:
    """Overlapping words read as something else, or cut otherwise."""
    overlap = span.start < tagged.end and tagged.start < span.end
    return overlap and (span.start, span.end, span.relation) != (tagged.start, tagged.end, tagged.relation)


def _speaks(model: LanguageModel, language: str) -> bool:
    return "*" in model.languages or not language or language.split("-")[0] in model.languages
