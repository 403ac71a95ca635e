"""The typed configuration of an embedding."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.graph.embedding.scorers import ScorerKind


def _field(default: Any, **rules: Any) -> Any:
    return Field(default=default, json_schema_extra={"section": "embedding"}, **rules)


class EmbeddingConfig(BaseModel):
    """How an embedding is trained. The cost is bounded by ``steps`` times ``batch``, however large the graph is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scorer: ScorerKind = _field(ScorerKind.TRANSE, description="Which plausibility of a fact is learned.")
    dim: int = _field(64, ge=4, le=512, multiple_of=2, description="Numbers in a vector.")
    steps: int = _field(80, ge=1, le=100_000, description="Most steps of training.")
    batch: int = _field(4096, ge=8, le=65_536, description="Facts in a step.")
    negatives: int = _field(
        512, ge=1, le=8_192, description="Most wrong values, and wrong products, beside a fact."
    )
    learning_rate: float = _field(0.03, gt=0.0, le=1.0, description="Step size of Adam at the start.")
    decay: float = _field(0.05, ge=0.0, le=10.0, description="Weight of the squared norm of the vectors.")
    patience: int = _field(
        4, ge=1, le=100, description="Looks at held-out facts without a better rank before it stops."
    )
    seed: int = _field(0, ge=0, le=2**31 - 1, description="Seed of everything random.")
