"""BIO labels: a token begins a value, is inside one, or is outside of all (Ramshaw and Marcus 1995)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.extract.ground import Span
from core.extract.tokens import Token

OUTSIDE = "O"


def begin(relation: str) -> str:
    """The label of the first token of a value."""
    return f"B-{relation}"


def inside(relation: str) -> str:
    """The label of any further token of a value."""
    return f"I-{relation}"


def touched(tokens: Sequence[Token], start: int, end: int) -> list[int]:
    """The places of the tokens that the code points from ``start`` to ``end`` lie in, even in part."""
    return [at for at, token in enumerate(tokens) if token.start < end and start < token.end]


def of_value(places: Sequence[int], relation: str) -> dict[int, str]:
    """The labels of a value's tokens by their places, which ascend."""
    return {at: begin(relation) if at == places[0] else inside(relation) for at in places}


def labels_of(tokens: Sequence[Token], spans: Collection[Span]) -> list[str]:
    """A label a token: a token inside a span, even in part, belongs to it; of overlapping spans the first counts."""
    labels = [OUTSIDE] * len(tokens)
    for span in sorted(spans, key=lambda s: (s.start, s.start - s.end)):
        places = touched(tokens, span.start, span.end)
        if all(labels[at] == OUTSIDE for at in places):
            for at, label in of_value(places, span.relation).items():
                labels[at] = label
    return labels


def runs(labels: Sequence[str]) -> list[tuple[int, int, str]]:
    """``(first, last + 1, relation)`` of each labelled run; a stray I starts a run of its own."""
    found: list[tuple[int, int, str]] = []
    for at, label in enumerate(labels):
        if label == OUTSIDE:
            continue
        relation = label[2:]
        if label == inside(relation) and found and found[-1][1:] == (at, relation):
            found[-1] = (found[-1][0], at + 1, relation)
        else:
            found.append((at, at + 1, relation))
    return found
