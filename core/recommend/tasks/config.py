"""The typed configuration of a task model: what it predicts, from what, and how it is trained."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.form import checked
from core.recommend.config import TextKind


class Kind(StrEnum):
    """What is predicted, and by which loss: a product's class (cross-entropy over n classes), the stars a shopper gives
    a product (squared error), or whether a product meets a shopper's need (binary cross-entropy)."""

    CLASS = "class"
    RATING = "rating"
    NEED = "need"


CATEGORY = "category"
"""The target that is the catalogue's own column; any other target is a relation of the graph."""


def _field(section: str, default: Any, **rules: Any) -> Any:
    return Field(default=default, json_schema_extra={"section": section}, **rules)


class TaskConfig(BaseModel):
    """All that decides a task model, together with data, graph and code. Ranges are enforced; unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = _field("task", Kind.CLASS, description="What is predicted.")
    target: str = _field(
        "task", CATEGORY, min_length=1, max_length=80, description="Relation of the classes."
    )

    hide_names: bool = _field(
        "data", True, description="Take the words that name a class out of the text (relations of the graph)."
    )
    several: Literal["first", "leave"] = _field(
        "data", "first", description="A product of several classes: that its text names first, or none."
    )
    least: int = _field("data", 4, ge=2, le=1000, description="Fewest products of a class.")
    most: int = _field("data", 30, ge=2, le=200, description="Most classes, the largest first.")
    negatives: Literal["auto", "seen", "random"] = _field(
        "data", "auto", description="Products not taken: those looked at, or drawn at random."
    )
    ratio: int = _field("data", 4, ge=1, le=20, description="Products drawn at random for each one taken.")
    folds: int = _field("data", 5, ge=2, le=10, description="Folds in which products are predicted unseen.")
    valid_share: float = _field("data", 0.15, ge=0.05, le=0.4, description="Share for early stopping.")
    test_share: float = _field("data", 0.2, ge=0.05, le=0.4, description="Share for the test.")

    text: TextKind = _field("product", TextKind.BOTH, description="Text vectors of a product.")
    facts: bool = _field("product", True, description="Use the facts of the graph.")
    record: bool = _field("product", True, description="Use what product and shopper did before.")

    hidden: int = _field("training", 64, ge=4, le=512, description="Width of the hidden layer.")
    dropout: float = _field("training", 0.3, ge=0.0, le=0.9, description="Dropout rate.")
    learning_rate: float = _field("training", 2e-3, gt=0.0, le=1.0, description="Peak learning rate.")
    weight_decay: float = _field("training", 0.05, ge=0.0, le=1.0, description="Decoupled weight decay (L2).")
    batch_size: int = _field("training", 32, ge=2, le=8192, description="Examples in a step.")
    epochs: int = _field("training", 60, ge=1, le=1000, description="Most passes over the examples.")
    patience: int = _field("training", 8, ge=1, le=100, description="Passes without a lower validation loss.")
    seed: int = _field("training", 0, ge=0, le=2**31 - 1, description="Seed of everything random.")


def task_config(values: dict[str, Any]) -> TaskConfig:
    """Check values from a form, a file or a command line; raises ConfigError naming the field and its range."""
    return checked(TaskConfig, values)
