"""Values that are one thing in two spellings: the same letters, the same words in another order, or a slip of
the pen."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from core.domain import Node
from core.extract.spelling import singular
from core.graph.resolve.records import unaccented
from core.graph.resolve.space import grams

LIKENESS = 0.86
_LETTERS = re.compile(r"[^\W_]+")
_FIGURES = re.compile(r"\d+(?:[.,]\d+)?")
_SHORTEST = 5
SURE = ("letters", "words")
"""The ways of being alike in which nothing but the way of writing differs."""
_COMMON = 60


@dataclass(frozen=True, slots=True)
class Alike:
    """Two nodes of one type, in alphabetical order. ``how`` is ``letters`` (nothing but marks, spaces and accents
    differ), ``words`` (another order), ``figures`` (another order, of the figures too: two packs of four are not four
    packs of two) or ``spelling``; ``likeness`` in [0, 1] is the share of letters in common."""

    one: str
    other: str
    kind: str
    how: str
    likeness: float

    @property
    def sure(self) -> bool:
        """Whether nothing but the way of writing differs."""
        return self.how in SURE

    def evidence(self) -> dict[str, Any]:
        """Plain JSON for the log."""
        return {"how": self.how, "likeness": round(self.likeness, 3)}


def alike(nodes: Iterable[Node], fresh: Collection[str] | None = None) -> list[Alike]:
    """Pairs of values that look like one, the likest first; products and values with other figures in them are none.

    ``fresh`` are the ids that are new; pairs without one of them are left out.
    """
    groups: dict[str, list[Node]] = {}
    for node in nodes:
        if node.type != "Product" and any(c.isalpha() for c in node.label):
            groups.setdefault(node.type, []).append(node)
    found = [pair for kind in sorted(groups) for pair in _of_type(kind, groups[kind], fresh)]
    return sorted(found, key=lambda pair: (-pair.likeness, pair.one, pair.other))


def _of_type(kind: str, nodes: list[Node], fresh: Collection[str] | None) -> Iterable[Alike]:
    nodes = sorted(nodes, key=lambda node: node.id)
    forms = [unaccented(node.label) for node in nodes]
    words = [[singular(word) for word in _LETTERS.findall(form)] for form in forms]
    index: dict[str, list[int]] = {}
    for at, of_it in enumerate(words):
        for key in {*grams(of_it), f"={''.join(of_it)}", f"&{' '.join(sorted(of_it))}"}:
            index.setdefault(key, []).append(at)
    shared: dict[tuple[int, int], int] = {}
    for key, places in index.items():
        if len(places) <= _COMMON or key[0] in "=&":
            for number, at in enumerate(places):
                for other in places[number + 1 :]:
                    shared[(at, other)] = shared.get((at, other), 0) + 1
    for at, other in sorted(shared):
        if fresh is not None and nodes[at].id not in fresh and nodes[other].id not in fresh:
            continue
        figures = _FIGURES.findall(forms[at]), _FIGURES.findall(forms[other])
        if sorted(figures[0]) != sorted(figures[1]):
            continue
        if how := _how(words[at], words[other], figures[0] == figures[1]):
            yield Alike(nodes[at].id, nodes[other].id, kind, *how)


def _how(one: list[str], other: list[str], figures_in_order: bool) -> tuple[str, float] | None:
    first, second = "".join(one), "".join(other)
    if first == second:
        return "letters", 1.0
    if figures_in_order and sorted(one) == sorted(other):
        return "words", 1.0
    likeness = SequenceMatcher(None, first, second, autojunk=False).ratio()
    if sorted(one) == sorted(other):
        return "figures", likeness
    if min(len(first), len(second)) < _SHORTEST or likeness < LIKENESS:
        return None
    return "spelling", likeness
