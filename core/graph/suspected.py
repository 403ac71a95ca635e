"""Facts that a detector or a person sent to review: they are in the graph, and nobody has said yet that they belong."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from core.domain import Standing
from core.graph.review import Item

SUSPECTED = "suspected"
MOST_SURE = 0.2
"""A fact under suspicion counts as at most this sure, so that it comes early in the queue."""


def with_suspects(items: Sequence[Item], facts: Collection[str]) -> list[Item]:
    """The queue with the facts of these ids marked as suspected, and ordered anew."""
    if not facts:
        return list(items)
    marked = [_marked(one) if one.fact_id in facts else one for one in items]
    return sorted(marked, key=lambda item: (-item.worth, item.ids))


def _marked(item: Item) -> Item:
    if item.standing is not Standing.COMMITTED:
        return item
    unsure = replace(item.signals, confidence=min(item.signals.confidence, MOST_SURE), agreeing=0)
    return replace(item, reason=SUSPECTED, signals=unsure)
