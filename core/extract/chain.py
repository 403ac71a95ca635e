"""Linear chains over B-, M-, E-, S- and O labels: the exact probability of every span, and the best set of spans.

A tagger that gives its likeliest labelling gives too few spans: one it holds for likely but not likeliest counts for
nothing. F1 is raised by every span whose probability is above half of the F1 reached, so spans are chosen by theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Found = tuple[int, int, str]
"""First unit, last unit, relation."""

OUTSIDE = "O"
_NEVER = -1e4
_LEAST = math.log(0.01)


@dataclass(frozen=True, slots=True)
class Chain:
    """``transitions[from, to]`` over ``labels``; impossible pairs of labels are ruled out whatever their weight."""

    labels: tuple[str, ...]
    transitions: Floats

    def posterior(self, scores: Floats, longest: int = 30) -> dict[Found, float]:
        """The probability of every span of at most ``longest`` units that has at least 0.01; ``scores`` is
        ``[units, labels]``."""
        if not len(scores):
            return {}
        may_start, may_end, follows = rules(self.labels)
        moves = np.where(follows, self.transitions, _NEVER)
        forth = _forward(scores, moves, may_start)
        back = _backward(scores, moves, may_end)
        total = float(_sum(forth[-1] + back[-1], 0))
        at = {label: number for number, label in enumerate(self.labels)}
        found: dict[Found, float] = {}
        for relation in sorted({label[2:] for label in self.labels if label != OUTSIDE}):
            single = at.get(f"S-{relation}")
            if single is not None:
                log = forth[:, single] + back[:, single] - total
                found |= {(int(k), int(k), relation): math.exp(log[k]) for k in np.flatnonzero(log > _LEAST)}
            if f"B-{relation}" in at and f"E-{relation}" in at:
                kinds = (at[f"B-{relation}"], at.get(f"M-{relation}"), at[f"E-{relation}"])
                found |= _longer(scores, moves, forth, back - total, kinds, relation, longest)
        return found


def choose(posterior: Mapping[Found, float], units: int, least: float) -> list[Found]:
    """The spans, none overlapping, whose probabilities exceed ``least`` by most in sum; in text order."""
    ending: dict[int, list[tuple[int, str, float]]] = {}
    for (first, last, relation), chance in posterior.items():
        if chance > least:
            ending.setdefault(last, []).append((first, relation, chance - least))
    best = [0.0]
    taken: list[tuple[int, str] | None] = [None]
    for last in range(units):
        value, span = best[last], None
        for first, relation, gain in sorted(ending.get(last, [])):
            if best[first] + gain > value:
                value, span = best[first] + gain, (first, relation)
        best.append(value)
        taken.append(span)
    chosen: list[Found] = []
    at = units
    while at:
        span = taken[at]
        if span:
            chosen.append((span[0], at - 1, span[1]))
        at = span[0] if span else at - 1
    return chosen[::-1]


def mixed(one: Mapping[Found, float], other: Mapping[Found, float], share: float) -> dict[Found, float]:
    """``share`` of the first reading's probability of each span, the rest of the second's; one that a reading leaves
    out has 0 there."""
    return {
        found: share * one.get(found, 0.0) + (1.0 - share) * other.get(found, 0.0)
        for found in {**one, **other}
    }


def labels_of(units: int, spans: Iterable[Found]) -> list[str]:
    """The label of each unit; of overlapping spans the first counts."""
    labels = [OUTSIDE] * units
    for first, last, relation in sorted(spans):
        if all(label == OUTSIDE for label in labels[first : last + 1]):
            labels[first : last + 1] = [f"M-{relation}"] * (last - first + 1)
            labels[first], labels[last] = f"B-{relation}", f"E-{relation}"
            if first == last:
                labels[first] = f"S-{relation}"
    return labels


def _longer(
    scores: Floats,
    moves: Floats,
    forth: Floats,
    rest: Floats,
    kinds: tuple[int, int | None, int],
    relation: str,
    longest: int,
) -> dict[Found, float]:
    begin, middle, end = kinds
    found: dict[Found, float] = {}
    for first in np.flatnonzero(forth[:, begin] + rest[:, begin] > _LEAST).tolist():
        so_far, before = float(forth[first, begin]), begin
        for last in range(first + 1, min(len(scores), first + longest)):
            log = so_far + moves[before, end] + scores[last, end] + rest[last, end]
            if log > _LEAST:
                found[first, last, relation] = math.exp(log)
            if middle is None:
                break
            so_far += moves[before, middle] + scores[last, middle]
            before = middle
            if so_far + rest[last, middle] < _LEAST:
                break
    return found


def _forward(scores: Floats, moves: Floats, may_start: NDArray[np.bool_]) -> Floats:
    made = np.empty_like(scores)
    made[0] = np.where(may_start, scores[0], _NEVER)
    for at in range(1, len(scores)):
        made[at] = _sum(made[at - 1][:, None] + moves, 0) + scores[at]
    return made


def _backward(scores: Floats, moves: Floats, may_end: NDArray[np.bool_]) -> Floats:
    made = np.empty_like(scores)
    made[-1] = np.where(may_end, 0.0, _NEVER)
    for at in range(len(scores) - 2, -1, -1):
        made[at] = _sum(moves + (scores[at + 1] + made[at + 1])[None], 1)
    return made


def _sum(logs: Floats, axis: int) -> Floats:
    most = logs.max(axis=axis, keepdims=True)
    summed: Floats = (most + np.log(np.exp(logs - most).sum(axis=axis, keepdims=True))).squeeze(axis)
    return summed


def rules(labels: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which labels may start, which may end, and which may follow which."""
    opens, goes_on = [label[0] in "BM" for label in labels], [label[0] in "ME" for label in labels]
    follows = [
        [
            goes_on[b] and labels[a][2:] == labels[b][2:] if opens[a] else not goes_on[b]
            for b in range(len(labels))
        ]
        for a in range(len(labels))
    ]
    return ~np.array(goes_on), ~np.array(opens), np.array(follows)
