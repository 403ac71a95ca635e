"""The typed configuration of a task model: what it predicts, from what, and how it is trained."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.form import checked, setting
from core.recommend.config import TextKind


class Kind(StrEnum):
    """What is predicted, and by which loss: a product's class (cross-entropy over n classes), the stars a shopper gives
    a product (squared error), or whether a product meets a shopper's need (binary cross-entropy)."""

    CLASS = "class"
    RATING = "rating"
    NEED = "need"


CATEGORY = "category"
"""The target that is the catalogue's own column; any other target is a relation of the graph."""


class TaskConfig(BaseModel):
    """All that decides a task model, together with data, graph and code. Ranges are enforced; unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = setting("task", Kind.CLASS, description="What is predicted.")
    target: str = setting(
        "task", CATEGORY, min_length=1, max_length=80, description="Relation of the classes."
    )

    hide_names: bool = setting(
        "data", True, description="Take the words that name a class out of the text (relations of the graph)."
    )
    several: Literal["first", "leave"] = setting(
        "data", "first", description="A product of several classes: that its text names first, or none."
    )
    least: int = setting("data", 4, ge=2, le=1000, description="Fewest products of a class.")
    most: int = setting("data", 30, ge=2, le=200, description="Most classes, the largest first.")
    negatives: Literal["auto", "seen", "random"] = setting(
        "data", "auto", description="Products not taken: those looked at, or drawn at random."
    )
    ratio: int = setting("data", 4, ge=1, le=20, description="Products drawn at random for each one taken.")
    folds: int = setting("data", 5, ge=2, le=10, description="Folds in which products are predicted unseen.")
    valid_share: float = setting("data", 0.15, ge=0.05, le=0.4, description="Share for early stopping.")
    test_share: float = setting("data", 0.2, ge=0.05, le=0.4, description="Share for the test.")

    text: TextKind = setting("product", TextKind.BOTH, description="Text vectors of a product.")
    facts: bool = setting("product", True, description="Use the facts of the graph.")
    record: bool = setting("product", True, description="Use what product and shopper did before.")

    hidden: int = setting("training", 64, ge=4, le=512, description="Width of the hidden layer.")
    dropout: float = setting("training", 0.3, ge=0.0, le=0.9, description="Dropout rate.")
    learning_rate: float = setting("training", 2e-3, gt=0.0, le=1.0, description="Peak learning rate.")
    weight_decay: float = setting(
        "training", 0.05, ge=0.0, le=1.0, description="Decoupled weight decay (L2)."
    )
    batch_size: int = setting("training", 32, ge=2, le=8192, description="Examples in a step.")
    epochs: int = setting("training", 60, ge=1, le=1000, description="Most passes over the examples.")
    patience: int = setting(
        "training", 8, ge=1, le=100, description="Passes without a lower validation loss."
    )
    seed: int = setting("training", 0, ge=0, le=2**31 - 1, description="Seed of everything random.")


def task_config(values: dict[str, Any]) -> TaskConfig:
    """Check values from a form, a file or a command line; raises ConfigError naming the field and its range."""
    return checked(TaskConfig, values)
