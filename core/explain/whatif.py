"""What the list would be had the shopper, the product's facts or its text been other, by the real model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Fact
from core.explain.model import Explainable, Scores


@dataclass(frozen=True, slots=True)
class Change:
    """``history`` are the past products that stay; ``facts`` those the product has then, its own or new ones; ``text``
    is its text then, None where it stays."""

    history: tuple[str, ...]
    facts: tuple[Fact, ...]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A product of a list: its place now, the place it had before, and both scores."""

    product_id: str
    rank: int
    rank_before: int
    score: float
    score_before: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """The first lines after a change, and the line of the product that was changed."""

    product: Line
    first: tuple[Line, ...]


def what_if(
    model: Explainable, history: Sequence[str], product_id: str, change: Change, k: int = 10
) -> Outcome:
    """Rank all products before and after. What the shopper had stays out of both lists, save the product itself."""
    place = {product: at for at, product in enumerate(model.product_ids)}
    own = place[product_id]
    before, after = (
        np.array(row, dtype=np.float64) for row in model.score_lists([list(history), list(change.history)])
    )
    facts = tuple(model.facts_of(product_id))
    if change.text is not None or _pairs(facts) != _pairs(change.facts):
        # The difference is added to the list's own score, so that what did not change cannot move it.
        versions = [
            model.score_versions(change.history, product_id, [facts])[0],
            model.score_versions(change.history, product_id, [change.facts], change.text)[0],
        ]
        after[own] += float(versions[1] - versions[0])
    barred = [place[p] for p in set(history) - {product_id} if p in place]
    before[barred] = after[barred] = -np.inf
    ranks_before, ranks = _ranks(before), _ranks(after)

    def line(at: int) -> Line:
        return Line(
            model.product_ids[at],
            int(ranks[at]),
            int(ranks_before[at]),
            float(after[at]),
            float(before[at]),
        )

    shown = np.argsort(ranks, kind="stable")[:k]
    return Outcome(line(own), tuple(line(int(at)) for at in shown if np.isfinite(after[at])))


def changed_facts(
    own: Sequence[Fact], read_before: Collection[Fact], read_after: Collection[Fact]
) -> tuple[list[Fact], list[Fact]]:
    """(lost, gained): the facts of ``own`` that an edited text no longer states, and those that it newly states.

    Both texts are read by the same reader, and the difference is what the edit did: facts that come from elsewhere,
    a column or a person, stay.
    """
    before, after = _pairs(read_before), _pairs(read_after)
    known = _pairs(own)
    lost = [fact for fact in own if (fact.relation, fact.object) in before - after]
    gained = [fact for fact in read_after if (fact.relation, fact.object) in after - before - known]
    return lost, gained


def _pairs(facts: Collection[Fact]) -> set[tuple[str, str]]:
    return {(fact.relation, fact.object) for fact in facts}


def _ranks(scores: Scores) -> np.ndarray:
    found = np.empty(len(scores), dtype=int)
    found[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return found
