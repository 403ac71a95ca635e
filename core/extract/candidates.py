"""Spans that readers propose as values, and what speaks for each of them: the features by which they are weighed.

The CRF is heard on every span, those that it does not propose itself too: its probability of them (``crf_marginal``)
parts what it nearly chose from what it rules out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.extract.ground import Place, Span

if TYPE_CHECKING:
    from core.extract.shelf_reader import Match

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
    "crf_marginal",
    "crf_unlearned",
    "known",
    "labelled",
    "shared",
    "known_elsewhere",
)
KNOWN_BESIDE = ("known*reader",)
"""A product of features: where a pattern stands too, it matters less how sure the reader is of the words."""
UNLEARNED = tuple(
    f"crf_unlearned*{name}"
    for name in (
        "reader",
        "reader_absent",
        "rival",
        "margin",
        "single",
        "known",
        "labelled",
        "shared",
        "known_elsewhere",
    )
)
"""What is said counts for more where the CRF cannot say anything."""
_FLOOR = 1e-3
_NOTHING: Mapping[Place, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that was proposed, and its features in the order of ``FEATURES``."""

    span: Span
    features: tuple[float, ...]


def candidates_of(
    read: Sequence[Span],
    tagged: Sequence[Span],
    known: Sequence[Match] = (),
    marginals: Mapping[Place, float] = _NOTHING,
) -> list[Candidate]:
    """All spans that reader, CRF or known patterns propose, each once, with its features.

    ``marginals`` are the CRF's probabilities of these spans, proposed by it or not; none where there is no CRF, or
    where it has not learned the relation.
    """
    by_reader = {span.place: span.confidence for span in read}
    by_crf: dict[Place, float] = {}
    for span in tagged:
        by_crf[span.place] = max(by_crf.get(span.place, 0.0), span.confidence)
    by_pattern = {match.span.place: match.labelled for match in known}
    return [
        Candidate(
            Span(*place, by_crf.get(place, by_reader.get(place, 0.0))),
            (
                *_features(place, by_reader, by_crf),
                *_believed(marginals.get(place)),
                *_known(place, by_pattern),
            ),
        )
        for place in sorted({*by_reader, *by_crf, *by_pattern})
    ]


def values_of(candidate: Candidate, names: tuple[str, ...]) -> list[float]:
    """A candidate's features of these names; of names joined by ``*`` their product."""
    told = candidate.features
    return [
        told[first] * math.prod(told[at] for at in more) if more else told[first]
        for first, *more in _places(names)
    ]


@cache
def _places(names: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(FEATURES.index(part) for part in name.split("*")) for name in names)


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


def _believed(marginal: float | None) -> tuple[float, float]:
    """How likely the CRF holds the span to be, and whether it has not learned the relation, so that it cannot say."""
    return (0.0, 1.0) if marginal is None else (_logit(marginal), 0.0)


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
