"""What a build has done so far, over all of its attempts, and what it comes to in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import DataError
from core.extract.budget import Budget, Cost
from core.graph.model import Graph
from core.stages.build_steps import Reading


@dataclass
class Done:
    """Counts of products, tokens and seconds; plain values, as they are kept in the checkpoint."""

    products: int = 0
    llm_products: int = 0
    tokens: int = 0
    tokens_in: int = 0
    llm_seconds: float = 0.0
    alone: int = 0
    right: float = 0.0
    compared: float = 0.0
    """How the language model stood beside values that were sure: so many right, of so many."""
    began_with: int = -1
    steps: dict[str, dict[str, float]] = field(default_factory=dict)
    wanted: int = 0
    chosen: list[str] | None = None
    """What the language model is to read, once that has been decided."""

    @property
    def cost(self) -> Cost:
        """The tokens that went in and came out."""
        return Cost(self.tokens_in, self.tokens - self.tokens_in)

    def spend(self, readings: Sequence[Reading], llm_seconds: float) -> int:
        """Count what was read; gives its tokens. ``llm_seconds`` is how long the language model has read in all."""
        tokens_in = sum(reading.tokens_in for reading in readings)
        tokens = tokens_in + sum(reading.tokens_out for reading in readings)
        self.tokens += tokens
        self.tokens_in += tokens_in
        self.alone += sum(reading.alone for reading in readings)
        self.right += sum(reading.trust.right for reading in readings)
        self.compared += sum(reading.trust.total for reading in readings)
        self.llm_seconds = llm_seconds
        return tokens


def summary(done: Done, graph: Graph, products: int, budget: Budget, model: str) -> dict[str, Any]:
    """The result of a build of so many products; raises DataError where not one fact was found."""
    new = len(graph.facts) - done.began_with
    if not graph.facts:
        raise DataError(
            f"{products} products were read and not one fact was found.",
            where="build",
            remedy="See on the Catalogue page that title and description are mapped to the right columns, and "
            "that the schema fits these products.",
        )
    looked = any(step["products"] for step in done.steps.values())
    notice = "" if new else "no_facts" if looked else "nothing_new"
    ledger = {
        part: getattr(graph.ledger, part) for part in ("committed", "merged", "quarantined", "rejected")
    }
    return {
        "products": products,
        "read": done.products,
        "llm_products": done.llm_products,
        "new_facts": new,
        "facts": len(graph.facts),
        "nodes": len(graph.nodes),
        "ledger": {"extracted": graph.ledger.extracted, **ledger},
        "graph_hash": graph.hash,
        "tokens": done.tokens,
        "tokens_in": done.tokens_in,
        "money": budget.price.of(budget.spent),
        "stopped": budget.stopped,
        "wanted": done.wanted,
        "alone": done.alone,
        "trust": [done.right, done.compared],
        "seconds": sum(step["seconds"] for step in done.steps.values()),
        "model": model,
        "steps": done.steps,
        "notice": notice,
    }
