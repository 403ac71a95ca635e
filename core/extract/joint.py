"""Tagger and span reader on product text: whoever said it, a value has one calibrated confidence.

The tagger (CRF and patterns) answers at once; the span reader is loaded when it is first needed, and reads many texts
together. What the two say of a span is weighed by a logistic model as in ``ensemble``, with weights for what is known
of the text: whether both were taught in this workspace, and whether the tagger has seen the category.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.catalogue.language import detect
from core.domain import canonical_json, content_hash
from core.extract import patterns, shelf_words
from core.extract.calibrate import AS_IT_IS, Calibration
from core.extract.candidates import Candidate, candidates_of
from core.extract.ensemble import Weights, default_weights, weighed
from core.extract.ground import Place, Span, find
from core.extract.query import Query
from core.extract.schema import Attribute, Schema
from core.extract.shelf_reader import Match, default_shelf_reader
from core.extract.tagger import Tagger, Tagging
from core.extract.tokens import fold
from core.settings import ASSETS

if TYPE_CHECKING:
    from core.extract.span_reader import SpanReader

WEIGHTS = ASSETS / "models" / "joint.json"
TAGGER, READER = "tagger", "reader"
LANGUAGES = ("", "en")
"""What the span reader's encoder knows; "" is text without words of any language."""
GIVEN = 0.2
"""What is less sure is no value: it is kept only where the tagger has said it already."""
_BRAND_CONFIDENCE = 0.9
_WORDING_WORDS = 6


class ReaderSource(Protocol):
    """A span reader that is loaded when it is needed."""

    @property
    def version(self) -> str:
        """Known before it is loaded."""
        ...

    @property
    def taught(self) -> bool:
        """Whether it has learned from this workspace's reviewers, as the tagger has."""
        ...

    def load(self) -> SpanReader:
        """The reader; raises ExtractionError where it is damaged, ModelUnavailable without its encoder."""
        ...


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to read. ``kind`` is ``text`` or ``review``; ``language`` is told from the text where it is None;
    ``brand`` is the catalogue's, "" where unknown."""

    text: str
    category: str = ""
    kind: str = "text"
    language: str | None = None
    brand: str = ""

    @property
    def readable(self) -> bool:
        """Whether the span reader reads it: product text in its language."""
        known = detect(self.text) if self.language is None else self.language
        return self.kind == "text" and known.split("-")[0] in LANGUAGES


@dataclass(frozen=True, slots=True)
class Said:
    """A value, its calibrated confidence in ``span``, and by whom it was said: TAGGER, READER or both."""

    span: Span
    by: tuple[str, ...]


@dataclass(frozen=True)
class Heard:
    """What was said of a passage. ``tagged`` are the tagger's values as it says them alone; ``said`` all that are
    sure enough to be given, and all of the tagger's, as weighed and calibrated. ``doubt`` is the expected number of
    wrong decisions.
    """

    tagged: tuple[Span, ...]
    said: tuple[Said, ...]
    doubt: float
    read: bool


@cache
def weights(use: str, path: Path = WEIGHTS) -> Weights:
    """The fitted weights by what is known of a text: ``tagger_seen``, ``tagger_unseen`` and ``tagger_review`` for the
    tagger alone, ``both_seen`` and ``both_unseen`` with the span reader."""
    raw = json.loads(path.read_text("utf-8"))[use]
    return Weights(raw["coefficients"], raw["threshold"])


class Joint:
    """Reads passages with what there is of tagger and span reader; either may be None. ``calibration`` is what
    reviewers' decisions say of the confidence in product text on this catalogue."""

    def __init__(
        self,
        schema: Schema,
        tagger: Tagger | None = None,
        reader: ReaderSource | None = None,
        *,
        use_patterns: bool = True,
        calibration: Calibration = AS_IT_IS,
    ) -> None:
        self.schema = schema
        self.tagger = tagger
        self.reader = reader
        self.calibration = calibration
        self._use_patterns = use_patterns
        self._every = frozenset(attribute.relation for attribute in schema.every)

    @property
    def tagger_version(self) -> str:
        """The version of what answers at once."""
        return self.tagger.version if self.tagger else "patterns"

    @cached_property
    def version(self) -> str:
        """The version of the two together: another tagger, reader or weighing is another version."""
        if self.reader is None:
            return self.tagger_version
        known = self.calibration
        used = [
            *(path.read_text("utf-8") for path in (WEIGHTS, shelf_words.PATH)),
            canonical_json(default_weights("both").coefficients),
            *([canonical_json([known.slope, known.shift])] if known.facts else []),
        ]
        return content_hash(self.tagger_version, self.reader.version, str(self.reader.taught), *used)[:12]

    def tag(self, passage: Passage) -> tuple[Span, ...]:
        """The tagger's values with their own calibrated confidence, in text order; at once, without the reader."""
        return self._alone(passage, self._tag(passage).spans)

    def read(self, passages: Sequence[Passage]) -> list[Heard]:
        """What both say of each passage; the span reader reads those in its language in one go."""
        asked = [at for at, passage in enumerate(passages) if self.reader and passage.readable]
        queries = [self.query(passages[at]) for at in asked]
        found = self.reader.load().read(queries) if self.reader and queries else []
        patterns = default_shelf_reader()
        by_place = {
            at: (spans, patterns.read(query)) for at, spans, query in zip(asked, found, queries, strict=True)
        }
        return [self._heard(passage, *by_place.get(at, (None, ()))) for at, passage in enumerate(passages)]

    def query(self, passage: Passage) -> Query:
        """The question put to the span reader: the schema's attributes for the category, by name and description."""
        attributes = self.schema.attributes(passage.category)
        return Query(passage.text, passage.category, {a.relation: wording(a) for a in attributes})

    def _heard(self, passage: Passage, read: Sequence[Span] | None, known: Sequence[Match]) -> Heard:
        # The known patterns are asked with the span reader, and speak as one with it.
        asked = [*(read or ()), *(match.span for match in known)]
        tagging = self._tag(passage, [span.place for span in asked])
        tagged = self._alone(passage, tagging.spans)
        if read is None:
            said = tuple(Said(span, (TAGGER,)) for span in tagged)
            return Heard(tagged, self._calibrated(passage, said), doubt_of(tagged) + tagging.doubt, False)
        chosen = self._weights(passage)
        candidates = candidates_of(read, tagging.spans, known, tagging.marginals)
        sure = weighed(candidates, chosen)
        said = _given(sure, _voices(candidates, asked, tagging.spans), chosen.threshold)
        return Heard(tagged, self._calibrated(passage, said), doubt_of(sure) + tagging.doubt, True)

    def _calibrated(self, passage: Passage, said: Sequence[Said]) -> tuple[Said, ...]:
        if passage.kind == "review" or not self.calibration.facts:
            return tuple(said)
        sure = [self.calibration.of(one.span.confidence) for one in said]
        return tuple(
            replace(one, span=replace(one.span, confidence=value))
            for one, value in zip(said, sure, strict=True)
        )

    def _weights(self, passage: Passage) -> Weights:
        seen = self._seen(passage.category)
        if self.reader and self.reader.taught and seen:
            return default_weights("both")
        return weights("both_seen" if seen else "both_unseen")

    def _alone(self, passage: Passage, spans: Sequence[Span]) -> tuple[Span, ...]:
        use = "review" if passage.kind == "review" else "seen" if self._seen(passage.category) else "unseen"
        made = weighed(candidates_of((), spans), weights(f"tagger_{use}"))
        return tuple(sorted(made, key=lambda span: (span.start, span.end, span.relation)))

    def _seen(self, category: str) -> bool:
        return self.tagger is not None and fold(category) in self.tagger.categories

    def _tag(self, passage: Passage, asked: Collection[Place] = ()) -> Tagging:
        """What the tagger and the patterns say, as they say it, and how likely the tagger holds the spans ``asked``
        about to be."""
        known = self._patterns(passage) if self._use_patterns else []
        if self.tagger is None:
            return Tagging(tuple(_beside((), known)), 1.0, 0)
        tagging = self.tagger.read(
            passage.text,
            passage.category,
            passage.kind,
            allowed=self._every,
            asked=[*asked, *(span.place for span in known)],
        )
        return replace(tagging, spans=(*tagging.spans, *_beside(tagging.spans, known)))

    def _patterns(self, passage: Passage) -> list[Span]:
        if passage.kind == "review":
            # A trained tagger knows the reviews' ways better than a rule; the rule is for where there is none.
            trained = self.tagger is not None and "review" in self.tagger.kinds
            return [] if trained else patterns.opinion_spans(passage.text)
        places = find(passage.text, passage.brand)[:1] if passage.brand else []
        brand = [Span(start, end, "brand", _BRAND_CONFIDENCE) for start, end in places]
        return brand + [span for span in patterns.product_spans(passage.text) if span.relation in self._every]


def wording(attribute: Attribute) -> str:
    """How the span reader is asked for an attribute: its name, and the first words of what it means."""
    told = " ".join(attribute.described("en").split()[:_WORDING_WORDS])
    return f"{attribute.named('en')}: {told}" if told else attribute.named("en")


def doubt_of(spans: Sequence[Span]) -> float:
    """The expected number of wrong decisions about these spans."""
    return sum(min(span.confidence, 1.0 - span.confidence) for span in spans)


def _voices(
    candidates: Sequence[Candidate], read: Sequence[Span], tagged: Sequence[Span]
) -> dict[Place, tuple[str, ...]]:
    by = {TAGGER: {span.place for span in tagged}, READER: {span.place for span in read}}
    return {
        c.span.place: tuple(name for name, places in by.items() if c.span.place in places) for c in candidates
    }


def _given(sure: Sequence[Span], voices: dict[Place, tuple[str, ...]], threshold: float) -> tuple[Said, ...]:
    """What is given: the surest of values of one attribute that overlap, where it is sure enough; the tagger's have
    been said already and stay, as sure as they are now."""
    kept: list[Said] = []
    for span in sure:
        by = voices[span.place]
        rival = any(s.span.relation == span.relation and s.span.overlaps(span) for s in kept)
        if TAGGER in by:
            kept.append(Said(span, by if not rival and span.confidence >= threshold else (TAGGER,)))
        elif not rival and span.confidence >= threshold:
            kept.append(Said(span, by))
    return tuple(sorted(kept, key=lambda s: (s.span.start, s.span.end, s.span.relation)))


def _beside(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    kept: list[Span] = []
    for other in others:
        if not any(other.overlaps(span) for span in (*spans, *kept)):
            kept.append(other)
    return kept
