"""The CRF, the span reader and the known patterns together: what two find is nearly always right, what one finds is
weighed.

Each span that any of them proposes gets one calibrated confidence from a logistic model over what they say of it; for
each attribute the surest span stands. The weights are few and were fitted on held-out folds (see ``bench``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.extract.companions import Companions
from core.extract.ground import Span
from core.extract.shelf_reader import Match, default_shelf_reader
from core.extract.tagger import Tagger
from core.extract.trims import Trims
from core.settings import ASSETS

if TYPE_CHECKING:
    from core.extract.query import Query
    from core.extract.span_reader import SpanReader

WEIGHTS = ASSETS / "models" / "ensemble.json"
FEATURES = (
    "one",
    "reader",
    "reader_absent",
    "crf",
    "crf_absent",
    "both",
    "crf_elsewhere",
    "rival",
    "margin",
    "single",
    "known",
    "labelled",
    "shared",
    "known_elsewhere",
)
CROSSED = ("known*reader",)
"""Products of features: where a pattern stands too, it matters less how sure the reader is of the words."""
_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Weights:
    """``coefficients`` by feature name, or by several joined by ``*`` for their product; ``threshold`` is the
    confidence from which a value is given."""

    coefficients: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 0.4


@cache
def default_weights(use: str = "both", path: Path = WEIGHTS) -> Weights:
    """The fitted weights that come with the project: for ``both``, or for the reader alone where it is ``untaught``."""
    raw = json.loads(path.read_text("utf-8"))[use]
    return Weights(raw["coefficients"], raw["threshold"])


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that was proposed, and its features in the order of ``FEATURES``."""

    span: Span
    features: tuple[float, ...]


class Ensemble:
    """Reads texts with the reader, the known patterns, and the CRF where there is one."""

    def __init__(
        self,
        tagger: Tagger | None,
        reader: SpanReader,
        weights: Weights | None = None,
        trims: Trims | None = None,
        companions: Companions | None = None,
    ) -> None:
        self.tagger = tagger
        self.reader = reader
        self.trims = trims or Trims()
        self.companions = companions or Companions()
        self.weights = weights or default_weights("both" if tagger else "untaught")

    def read(self, queries: Sequence[Query]) -> list[list[Span]]:
        """Every candidate of each query with its calibrated confidence, surest first, and the values of attributes
        that share one with another."""
        found = zip(queries, self.candidates(queries), strict=True)
        return [
            [
                span
                for span in joined(
                    query.category,
                    query.text,
                    weighed(candidates, self.weights),
                    self.companions,
                    self.weights,
                )
                if span.relation in query.asked
            ]
            for query, candidates in found
        ]

    def values(self, queries: Sequence[Query]) -> list[dict[str, Span]]:
        """For each query the surest span of each attribute that has one above the threshold."""
        return [best(spans, self.weights.threshold) for spans in self.read(queries)]

    def candidates(self, queries: Sequence[Query]) -> list[list[Candidate]]:
        """What is proposed for each query, with its features."""
        read = self.reader.read(queries)
        patterns = default_shelf_reader()
        return [
            [
                Candidate(self.trims.apply(query.text, candidate.span), candidate.features)
                for candidate in candidates_of(spans, self._tagged(query), patterns.read(query))
            ]
            for query, spans in zip(queries, read, strict=True)
        ]

    def _tagged(self, query: Query) -> list[Span]:
        if self.tagger is None:
            return []
        return list(self.tagger.read(query.text, query.category, allowed=set(query.asked)).spans)


def weighed(candidates: Sequence[Candidate], weights: Weights) -> list[Span]:
    """The candidates' spans with their calibrated confidence, surest first."""
    names, coefficients = tuple(weights.coefficients), tuple(weights.coefficients.values())
    return _ranked(
        Span(c.span.start, c.span.end, c.span.relation, _sigmoid(_sum(coefficients, values_of(c, names))))
        for c in candidates
    )


def joined(
    category: str, text: str, spans: Sequence[Span], companions: Companions, weights: Weights
) -> list[Span]:
    """The spans, and those of ``companions`` for attributes without a value above the threshold; surest first."""
    return _ranked([*spans, *companions.of(category, text, best(spans, weights.threshold))])


def _ranked(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: (-span.confidence, span.start, span.relation))


def _sum(coefficients: Sequence[float], values: Sequence[float]) -> float:
    return sum(coefficient * value for coefficient, value in zip(coefficients, values, strict=True))


def values_of(candidate: Candidate, names: tuple[str, ...]) -> list[float]:
    """A candidate's features of these names; of names joined by ``*`` their product."""
    return [math.prod(candidate.features[at] for at in places) for places in _places(names)]


@cache
def _places(names: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(FEATURES.index(part) for part in name.split("*")) for name in names)


def best(spans: Sequence[Span], threshold: float) -> dict[str, Span]:
    """The surest span of each relation, where it is sure enough."""
    found: dict[str, Span] = {}
    for span in spans:
        if span.confidence >= threshold and (
            span.relation not in found or span.confidence > found[span.relation].confidence
        ):
            found[span.relation] = span
    return found


def candidates_of(
    read: Sequence[Span], tagged: Sequence[Span], known: Sequence[Match] = ()
) -> list[Candidate]:
    """All spans that reader, CRF or known patterns propose, each once, with its features."""
    by_reader = {_place(span): span.confidence for span in read}
    by_crf: dict[Place, float] = {}
    for span in tagged:
        by_crf[_place(span)] = max(by_crf.get(_place(span), 0.0), span.confidence)
    by_pattern = {_place(match.span): match.labelled for match in known}
    places = sorted({*by_reader, *by_crf, *by_pattern})
    return [
        Candidate(
            Span(*place, by_crf.get(place, by_reader.get(place, 0.0))),
            (*_features(place, by_reader, by_crf), *_known(place, by_pattern)),
        )
        for place in places
    ]


Place = tuple[int, int, str]


def _place(span: Span) -> Place:
    return span.start, span.end, span.relation


def _features(
    place: Place, by_reader: Mapping[Place, float], by_crf: Mapping[Place, float]
) -> tuple[float, ...]:
    start, end, relation = place
    reader, crf = by_reader.get(place), by_crf.get(place)
    others = [p for p in by_reader if p[2] == relation and p != place]
    rivals = [p for p in by_reader if p[2] != relation and p[0] < end and start < p[1]]
    elsewhere = any(p[2] == relation and p != place for p in by_crf)
    strongest = max((by_reader[p] for p in others), default=_FLOOR)
    return (
        1.0,
        _logit(reader) if reader is not None else 0.0,
        float(reader is None),
        _logit(crf) if crf is not None else 0.0,
        float(crf is None),
        float(reader is not None and crf is not None),
        float(elsewhere),
        max((by_reader[p] for p in rivals), default=0.0),
        _logit(reader if reader is not None else _FLOOR) - _logit(strongest),
        float(not others),
    )


def _known(place: Place, by_pattern: Mapping[Place, bool]) -> tuple[float, ...]:
    """Whether a pattern of the attribute stands here and is labelled, how many others claim the place, and whether
    the attribute's patterns stand only elsewhere."""
    start, end, relation = place
    here = place in by_pattern
    claims = sum(p[2] != relation and p[0] < end and start < p[1] for p in by_pattern)
    elsewhere = not here and any(p[2] == relation for p in by_pattern)
    return float(here), float(by_pattern.get(place, False)), math.log1p(claims), float(elsewhere)


def _logit(value: float) -> float:
    kept = min(1.0 - _FLOOR, max(_FLOOR, value))
    return math.log(kept / (1.0 - kept))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value > -60 else 0.0
