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

from core.extract.candidates import Candidate, candidates_of, values_of
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
                for candidate in self._proposed(query, spans, patterns.read(query))
            ]
            for query, spans in zip(queries, read, strict=True)
        ]

    def _proposed(self, query: Query, read: Sequence[Span], known: Sequence[Match]) -> list[Candidate]:
        if self.tagger is None:
            return candidates_of(read, (), known)
        asked = [span.place for span in (*read, *(match.span for match in known))]
        tagging = self.tagger.read(query.text, query.category, allowed=set(query.asked), asked=asked)
        return candidates_of(read, tagging.spans, known, tagging.marginals)


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


def best(spans: Sequence[Span], threshold: float) -> dict[str, Span]:
    """The surest span of each relation, where it is sure enough."""
    found: dict[str, Span] = {}
    for span in spans:
        if span.confidence >= threshold and (
            span.relation not in found or span.confidence > found[span.relation].confidence
        ):
            found[span.relation] = span
    return found


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value > -60 else 0.0
