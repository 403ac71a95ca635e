"""The cascade: columns, the tagger, the span reader, then a language model for products that need a closer look.

Each reader asserts what it says under its own name, and how sure a value is after all that were heard so far is said
by entries ``weighed``. The language model reads what the user points at, then products of categories the tagger has
not seen, then those with the most doubt, until its budget is spent; which products these are depends on the catalogue
alone, not on order, batches or an interruption.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from core.domain import Assertion, Document, EntryKind, LogEntry
from core.errors import ConfigError
from core.extract import columns
from core.extract.budget import Budget, Cost
from core.extract.calibrate import AS_IT_IS, Calibration
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.joint import GIVEN, READER, TAGGER, Heard, Joint, ReaderSource
from core.extract.llm_reader import DocumentReading, LlmReader
from core.extract.opinion import Trust, compared, weigh
from core.extract.reading import (
    CascadeConfig,
    OnDocument,
    OnSpan,
    OnToken,
    Reading,
    Told,
    Work,
    passage_of,
    product_texts,
    rounded,
    speaks,
    texts_of,
)
from core.extract.schema import Schema
from core.extract.similar import Similar
from core.extract.tagger import Tagger
from core.extract.tokens import fold
from core.llm.base import LanguageModel

__all__ = ["CascadeConfig", "Reader", "Reading", "Work"]

COLUMNS = columns.EXTRACTOR
LLM = "llm"
LLM_VERSION = "2"
_GROUPS = (1, 2, 4)
_BATCH = 32
_ONE_VALUE = ("name", "quantity", "count")


class Reader:
    """Reads products. Any of tagger, span reader and model may be None; ``examples`` are what the model is shown.
    ``skipped`` counts products the model was wanted for but did not read, by reason: ``language`` or ``budget``."""

    def __init__(
        self,
        schema: Schema,
        tagger: Tagger | None = None,
        model: LanguageModel | None = None,
        examples: Sequence[Example] = (),
        config: CascadeConfig | None = None,
        reader: ReaderSource | None = None,
        budget: Budget | None = None,
        calibration: Calibration = AS_IT_IS,
    ) -> None:
        self.schema = schema
        self.config = config or CascadeConfig()
        self.joint = Joint(
            schema, tagger, reader, use_patterns=self.config.use_patterns, calibration=calibration
        )
        self.model = model
        self.budget = budget or Budget()
        self.skipped: Counter[str] = Counter()
        self._heard: dict[str, dict[str, Heard]] = {}
        self._doubts: dict[str, float] = {}
        labelled = [example for example in examples if example.kind == "text"]
        shown = Similar(labelled) if model and labelled else None
        self._llm = LlmReader(model, schema, shown, self.config.llm) if model else None
        if self.config.llm_products < 0:
            raise ConfigError("A budget cannot be negative.", remedy="Give 0 or more.")

    @cached_property
    def extractors(self) -> dict[str, tuple[str, str]]:
        """Extractor and version of each step there is, for the marks of what has been read by what."""
        steps = {COLUMNS: (COLUMNS, columns.VERSION), TAGGER: (TAGGER, self.joint.tagger_version)}
        if self.joint.reader:
            steps[READER] = (READER, self.joint.version)
        if self.model:
            steps[LLM] = (self._extractor, LLM_VERSION)
        return steps

    def read(
        self,
        products: Iterable[Work],
        on_document: OnDocument | None = None,
        on_token: OnToken | None = None,
        on_span: OnSpan | None = None,
    ) -> Iterator[Reading]:
        """Readings as they are made: columns and tagger product by product, the span reader's, the language model's.

        ``on_document(document, stage)`` when a text is about to be read, ``on_token(document id, text)`` as the
        model writes, ``on_span(document id, span)`` as soon as one of its values is complete. An exception raised in
        a callback ends the reading there.
        """
        seen = []
        for work in products:
            yield self.read_columns(work)
            yield self.read_tagger(work, on_document)
            seen.append(work)
        for first in range(0, len(seen), _BATCH):
            readings = self.read_both(seen[first : first + _BATCH])
            yield from readings if self.joint.reader else ()
        yield from self.read_llm(self.chosen(seen), on_document, on_token, on_span)

    def read_columns(self, work: Work) -> Reading:
        """The facts of the structured cells."""
        begun = time.perf_counter()
        found = columns.read_all(work.documents, self.schema)
        return Reading(work.product_id, COLUMNS, tuple(found), seconds=time.perf_counter() - begun)

    def read_tagger(self, work: Work, on_document: OnDocument | None = None) -> Reading:
        """The facts of all texts and reviews, by tagger and patterns: at once, before anything heavy is loaded."""
        begun = time.perf_counter()
        found: list[Assertion] = []
        for document in texts_of(work):
            if on_document:
                on_document(document, TAGGER)
            found += [
                self._claim(document, span, TAGGER) for span in self.joint.tag(passage_of(document, work))
            ]
        return Reading(work.product_id, TAGGER, tuple(found), seconds=time.perf_counter() - begun)

    def read_both(self, works: Sequence[Work], told: Told | None = None) -> list[Reading]:
        """The span reader's facts, and how sure the tagger's are now that both were heard; many products at once.

        ``told`` has what a language model has said of these documents before: it is weighed again.
        """
        begun = time.perf_counter()
        self._hear(works)
        spent = (time.perf_counter() - begun) / max(1, len(works))
        readings = [self._both(work, told or {}, spent) for work in works]
        for work in works:  # a catalogue is larger than memory; the few for the language model are read again
            del self._heard[work.product_id]
        return readings

    def chosen(self, products: Sequence[Work], doubts: Mapping[str, float] | None = None) -> list[Work]:
        """The products for the language model, first the one that needs it most; at most ``llm_products`` beside
        those pointed at. Texts in languages the model does not speak are left out, and counted in ``skipped``.
        ``doubts`` are known from before."""
        if self.model is None:
            return []
        self._doubts = {**(doubts or {}), **self._doubts}
        spoken = [work for work in products if self._for_llm(work)]
        self.skipped["language"] += len(products) - len(spoken)
        unknown = [work for work in spoken if work.product_id not in self._doubts]
        for first in range(0, len(unknown), _BATCH):
            self._hear(unknown[first : first + _BATCH])
        ranked = sorted(spoken, key=self._need)
        pointed = [work for work in ranked if work.product_id in self.config.pointed]
        others = [work for work in ranked if work.product_id not in self.config.pointed]
        return pointed + others[: self.config.llm_products]

    def doubt(self, product_id: str) -> float | None:
        """The expected number of wrong decisions in a product's texts; None where it has not been read here."""
        return self._doubts.get(product_id)

    def costs(self, products: Sequence[Work]) -> list[Cost]:
        """What each product would cost the language model; nothing for replies that are kept."""
        if self._llm is None:
            return [Cost() for _ in products]
        asked = [(work, document) for work in products for document in self._for_llm(work)]
        made = self._llm.costs([document for _, document in asked], [work.category for work, _ in asked])
        return [
            sum((cost for (owner, _), cost in zip(asked, made, strict=True) if owner is work), Cost())
            for work in products
        ]

    def letters(self, work: Work) -> int:
        """Characters of the texts that the language model would read of a product."""
        return sum(len(document.text) for document in self._for_llm(work))

    def read_llm(
        self,
        products: Sequence[Work],
        on_document: OnDocument | None = None,
        on_token: OnToken | None = None,
        on_span: OnSpan | None = None,
    ) -> Iterator[Reading]:
        """The language model's readings, in the order given, until its budget is spent."""
        if self._llm is None:
            return
        self.budget.start()
        at, number = 0, 0
        while at < len(products):
            size = _GROUPS[number] if number < len(_GROUPS) else 2 * _GROUPS[-1]
            group = products[at : at + size]
            fits = self.budget.allows(self.costs(group))
            # The first groups are small: their words are on screen before a full batch would have been read.
            for reading in self._read_group(group[:fits], on_document, on_token, on_span) if fits else ():
                if not reading.cached:
                    self.budget.charge(Cost(reading.tokens_in, reading.tokens_out))
                yield reading
            at, number = at + fits, number + 1
            if fits < len(group):
                self.skipped["budget"] += len(products) - at
                return

    def _read_group(
        self,
        group: Sequence[Work],
        on_document: OnDocument | None,
        on_token: OnToken | None,
        on_span: OnSpan | None,
    ) -> Iterator[Reading]:
        assert self._llm is not None
        self._hear([work for work in group if work.product_id not in self._heard])
        asked = [(work, document) for work in group for document in self._for_llm(work)]
        for _work, document in asked:
            if on_document:
                on_document(document, LLM)
        documents = [document for _work, document in asked]
        found = list(self._llm.read(documents, [work.category for work, _ in asked], on_token, on_span))
        for work in group:
            mine = [reading for (owner, _), reading in zip(asked, found, strict=True) if owner is work]
            yield self._second(work, mine)

    def _second(self, work: Work, readings: Sequence[DocumentReading]) -> Reading:
        """What the model said, and how sure everything in these texts is now."""
        assertions: list[Assertion] = []
        entries: list[LogEntry] = []
        trust = Trust()
        for reading in readings:
            own = [self._claim(reading.document, span, LLM) for span in reading.spans]
            assertions += own
            heard = self._heard[work.product_id][reading.document.id]
            weighed, seen = self._weighed(reading.document, heard, own, anew=True)
            entries += weighed
            trust += seen
        return Reading(
            work.product_id,
            LLM,
            tuple(assertions),
            tuple(entries),
            sum(reading.prompt_tokens for reading in readings),
            sum(reading.new_tokens for reading in readings),
            sum(reading.seconds for reading in readings),
            self._doubts.get(work.product_id, 0.0),
            bool(readings) and all(reading.cached for reading in readings),
            trust,
        )

    def _both(self, work: Work, told: Told, seconds: float) -> Reading:
        assertions: list[Assertion] = []
        entries: list[LogEntry] = []
        sure: list[int] = []
        alone = 0
        for document in product_texts(work):
            heard = self._heard[work.product_id][document.id]
            alone += not heard.read
            sure += [round(100 * s.span.confidence) for s in heard.said if s.span.confidence >= GIVEN]
            assertions += [
                self._claim(document, said.span, READER) for said in heard.said if READER in said.by
            ]
            before = told.get(document.id, ())
            entries += self._weighed(document, heard, before, anew=bool(before))[0]
        return Reading(
            work.product_id,
            READER,
            tuple(assertions),
            tuple(entries),
            seconds=seconds,
            doubt=self._doubts[work.product_id],
            alone=alone,
            sure=tuple(sure),
        )

    def _weighed(
        self, document: Document, heard: Heard, told: Sequence[Assertion], *, anew: bool
    ) -> tuple[list[LogEntry], Trust]:
        """The entries that say how sure each claim in this text is, after taggers and model (``told``) were heard.

        The span reader's claims are asserted as sure as they are; they are weighed ``anew`` where a model was asked.
        """
        first = [said.span for said in heard.said]
        second = [Span(a.start, a.end, a.relation, a.confidence) for a in told]
        verdict = weigh(document.text, first, second, self.config.trust, self._is_single)
        entries = [
            _weighed(self._claim(document, said.span, name), sure)
            for said, sure in zip(heard.said, verdict.first, strict=True)
            for name in said.by
            if anew or name == TAGGER
        ]
        entries += [_weighed(claim, sure) for claim, sure in zip(told, verdict.second, strict=True)]
        return entries, compared(document.text, first, second)

    def _hear(self, works: Sequence[Work]) -> None:
        """Let tagger and span reader read product texts, and keep what they say of each."""
        parts = [(work, document) for work in works for document in product_texts(work)]
        found = self.joint.read([passage_of(document, work) for work, document in parts])
        for work in works:
            mine = [(d, heard) for (owner, d), heard in zip(parts, found, strict=True) if owner is work]
            self._heard[work.product_id] = {document.id: heard for document, heard in mine}
            self._doubts[work.product_id] = sum(heard.doubt for _, heard in mine)

    def _for_llm(self, work: Work) -> list[Document]:
        return [d for d in product_texts(work) if self.model is not None and speaks(self.model, d.language)]

    def _need(self, work: Work) -> tuple[bool, float, str]:
        tagger = self.joint.tagger
        known = tagger is not None and (not work.category or fold(work.category) in tagger.categories)
        return known, -round(self._doubts[work.product_id], 4), work.product_id

    def _is_single(self, relation: str) -> bool:
        found = self.schema.attribute(relation)
        return found is not None and found.value_type in _ONE_VALUE

    @property
    def _extractor(self) -> str:
        return f"{LLM}:{self.model.id}" if self.model else LLM

    def _claim(self, document: Document, span: Span, step: str) -> Assertion:
        extractor, version = self.extractors[step]
        return Assertion.of(
            document,
            span.relation,
            span.start,
            span.end,
            extractor=extractor,
            extractor_version=version,
            schema_version=self.schema.version,
            confidence=rounded(span.confidence),
        )


def _weighed(claim: Assertion, confidence: float) -> LogEntry:
    return LogEntry(EntryKind.WEIGHED, claim.id, {"confidence": rounded(confidence)}, actor=claim.extractor)
