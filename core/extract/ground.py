"""Grounding: a value is a fact only where its words stand in the text.

All offsets are Unicode code points. A span starts and ends at a token boundary, so that "tin" is not found inside
"coating", and never has white space at its edges.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.extract.tokens import fold, pieces, tokenize

_SAYING_NOTHING = """
a an the this that these those it its they their them he she his her we our you your i my me us
is are was were be been being has have had do does did will would can could may might must should shall
and or but nor so if then than as at by for from in into of off on onto out over per to under up with without
not no yes very also only just too more most all any each every some such what which who whose when where how
here there while because 的 了 和 与 及 或 是 在 有 也 都 就 这 那 它 其 而 且 为 以 于 对 被 把 让 很 不
"""
_FUNCTION_WORDS = frozenset(_SAYING_NOTHING.split())


Place = tuple[int, int, str]
"""Start, end, relation."""


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled stretch of a document; ``relation`` is what it says of the product."""

    start: int
    end: int
    relation: str
    confidence: float = 1.0

    @property
    def place(self) -> Place:
        """Where it stands and what it says, however sure."""
        return self.start, self.end, self.relation

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


def is_grounded(text: str, value: str, start: int, end: int) -> bool:
    """Whether ``value`` is exactly the words at ``text[start:end]``, not empty and without outer white space."""
    return 0 <= start < end <= len(text) and text[start:end] == value and value == value.strip()


def find(text: str, value: str) -> list[tuple[int, int]]:
    """Every place where ``value`` stands as whole tokens, left to right; overlapping ones too."""
    if not value.strip() or value != value.strip():
        return []
    starts, ends = _boundaries(text)
    found, at = [], text.find(value)
    while at >= 0:
        if at in starts and at + len(value) in ends:
            found.append((at, at + len(value)))
        at = text.find(value, at + 1)
    return found


def says_something(value: str) -> bool:
    """Whether the words name anything: not only articles, pronouns and the like, and not only signs."""
    words = [fold(token.text) for token in tokenize(value)]
    return any(word not in _FUNCTION_WORDS and any(c.isalnum() for c in word) for word in words)


def place(text: str, value: str, taken: Collection[Span] = ()) -> tuple[int, int] | None:
    """The first place of ``value`` that no taken span covers; the first of all when every one is covered."""
    places = find(text, value)
    free = [
        (start, end)
        for start, end in places
        if not any(start < span.end and span.start < end for span in taken)
    ]
    return next(iter(free or places), None)


def without_overlaps(spans: Collection[Span]) -> list[Span]:
    """Spans in text order; of those that overlap the more confident, then the longer, stays."""
    kept: list[Span] = []
    ranked = sorted(
        spans, key=lambda span: (-span.confidence, span.start - span.end, span.start, span.relation)
    )
    for span in ranked:
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _boundaries(text: str) -> tuple[set[int], set[int]]:
    all_pieces = pieces(text)
    return {piece.start for piece in all_pieces}, {piece.end for piece in all_pieces}
