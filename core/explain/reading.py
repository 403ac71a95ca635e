"""Why was this read? The share of each word around a value in a reader's confidence, by exact Shapley values.

Players are the words nearest to the value, and those of the value itself. A word around it that is off is taken out of
the text; a word of the value that is off stands there as an unknown sign, so that the place can still be asked about.
All coalitions are read again by the reader itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.explain.model import Masks, Scores
from core.explain.shapley import shapley_of
from core.explain.words import Segment, segment
from core.extract.joint import Joint, Passage

if TYPE_CHECKING:
    from core.extract.span_reader import SpanReader
    from core.extract.tagger import Tagger

UNKNOWN = "□"
MOST_WORDS = 8

Confidence = Callable[[Sequence[tuple[str, int, int]]], Sequence[float]]
"""(text, start, end) of several readings to the reader's confidence in each."""


@dataclass(frozen=True, slots=True)
class Why:
    """``base + sum(values) == confidence``: what the reader says without these words, what each adds, and with all.

    ``segments`` are in text order; ``inside`` says which are words of the value.
    """

    text: str
    start: int
    end: int
    segments: tuple[Segment, ...]
    inside: tuple[bool, ...]
    values: Scores
    base: float
    confidence: float


def why_read(confidence: Confidence, text: str, start: int, end: int, *, most: int = MOST_WORDS) -> Why:
    """The shares of at most ``most`` words in the confidence that ``text[start:end]`` is a value."""
    words = _players(text, start, end, most)
    inside = tuple(word.start < end and start < word.end for word in words)

    def value(masks: Masks) -> Scores:
        readings = [_reading(text, start, end, words, inside, row) for row in masks]
        return np.asarray(confidence(readings), dtype=np.float64)

    shares, table = shapley_of(value, len(words))
    return Why(text, start, end, words, inside, shares, float(table[0]), float(table[-1]))


def _players(text: str, start: int, end: int, most: int) -> tuple[Segment, ...]:
    """The value's own words (as one where they are too many) and the nearest others, in text order."""
    words = [
        Segment(max(w.start, start), min(w.end, end))
        for w in segment(text)
        if w.start < end and start < w.end
    ]
    own = words if 1 <= len(words) <= most // 2 else [Segment(start, end)]
    around = [w for w in segment(text) if w.end <= start or w.start >= end]
    near = sorted(around, key=lambda w: (start - w.end if w.end <= start else w.start - end, w.start))
    return tuple(sorted([*own, *near[: most - len(own)]], key=lambda w: w.start))


def _reading(
    text: str, start: int, end: int, words: Sequence[Segment], inside: Sequence[bool], keep: np.ndarray
) -> tuple[str, int, int]:
    """The text with what is off changed, and where the value stands in it."""
    parts: list[str] = []
    length, at = 0, 0
    first, last = start, end
    for word, own, kept in zip(words, inside, keep, strict=True):
        before = text[at : word.start]
        old = text[word.start : word.end]
        new = old if kept else _unknown(old) if own else ""
        if word.end <= start:
            first += len(new) - len(old)
            last += len(new) - len(old)
        elif own:
            last += len(new) - len(old)
        parts += [before, new]
        length += len(before) + len(new)
        at = word.end
    return "".join([*parts, text[at:]]), first, last


def _unknown(word: str) -> str:
    """An unknown sign for each word of a script with spaces, and for each letter of one without."""
    if any("\u3040" <= letter <= "\ud7af" for letter in word):
        return UNKNOWN * len(word)
    return " ".join([UNKNOWN] * max(1, len(word.split())))


def by_tagger(tagger: Tagger, relation: str, category: str, kind: str) -> Confidence:
    """The tagger's own confidence in readings, before other readers are heard."""

    def confidence(readings: Sequence[tuple[str, int, int]]) -> list[float]:
        return [tagger.confidence(text, a, b, relation, category, kind) for text, a, b in readings]

    return confidence


def by_span_reader(reader: SpanReader, joint: Joint, relation: str, category: str) -> Confidence:
    """The span reader's raw probability of readings; 0 where the place is not among its likeliest three."""

    def confidence(readings: Sequence[tuple[str, int, int]]) -> list[float]:
        queries = [joint.query(Passage(text, category)) for text, _, _ in readings]
        found = reader.read(queries)
        return [
            max(
                (s.confidence for s in spans if (s.start, s.end, s.relation) == (a, b, relation)), default=0.0
            )
            for (_text, a, b), spans in zip(readings, found, strict=True)
        ]

    return confidence
