"""A text with its gold lit in one colour and what was read in another; where they meet, in both."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from core.extract.ground import find
from core.ui.text import t

AROUND = 220
LONGEST = 700
_CLASSES = {1: "sg-gold", 2: "sg-given", 3: "sg-gold sg-given"}
_GOLD, _GIVEN = 1, 2

Place = tuple[int, int]


def lit(text: str, gold: Sequence[str], given: Place | None) -> str:
    """The text as safe HTML; a long one is cut down to what is around the marks."""
    marks = [0] * len(text)
    for start, end in gold_places(text, gold):
        marks[start:end] = [mark | _GOLD for mark in marks[start:end]]
    if given:
        start, end = max(given[0], 0), min(given[1], len(text))
        marks[start:end] = [mark | _GIVEN for mark in marks[start:end]]
    first, last = _window(marks)
    parts = ["… " if first else ""]
    for mark, group in groupby(range(first, last), key=marks.__getitem__):
        places = list(group)
        words = escape(text[places[0] : places[-1] + 1])
        parts.append(
            f'<mark class="{_CLASSES[mark]}" title="{_named(mark)}">{words}</mark>' if mark else words
        )
    parts.append(" …" if last < len(text) else "")
    return f'<span class="sg-text">{"".join(parts)}</span>'


def gold_places(text: str, gold: Sequence[str]) -> list[Place]:
    """Where the gold values stand: as whole words where they do, else at their first letters."""
    places: list[Place] = []
    for surface in gold:
        whole = find(text, surface)
        at = text.find(surface)
        places += whole or ([(at, at + len(surface))] if surface and at >= 0 else [])
    return places


def key() -> str:
    """What the two colours mean."""
    return (
        f'<div class="sg-lit-key"><span><mark class="sg-gold">{escape(t("evaluate.gold"))}</mark></span>'
        f'<span><mark class="sg-given">{escape(t("evaluate.given"))}</mark></span>'
        f'<span><mark class="sg-gold sg-given">{escape(t("evaluate.both"))}</mark></span></div>'
    )


def _named(mark: int) -> str:
    return escape(
        t({_GOLD: "evaluate.gold", _GIVEN: "evaluate.given"}.get(mark, "evaluate.both")), quote=True
    )


def _window(marks: Sequence[int]) -> Place:
    """The part of a text that is shown."""
    if len(marks) <= LONGEST:
        return 0, len(marks)
    marked = [at for at, mark in enumerate(marks) if mark] or [0]
    first, last = max(0, marked[0] - AROUND), min(len(marks), marked[-1] + AROUND)
    return (first, last) if last - first <= LONGEST else (first, first + LONGEST)
