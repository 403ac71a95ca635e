"""The typed configuration of a training run: what the form is made from, what a run is kept with."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.form import checked


class SplitKind(StrEnum):
    """How events are divided into training, validation and test."""

    TEMPORAL = "temporal"
    LEAVE_ONE_OUT = "leave_one_out"


class TextKind(StrEnum):
    """Which text vectors a product gets: words (TF-IDF reduced by SVD), sentences (frozen MiniLM), or both."""

    NONE = "none"
    LEXICAL = "lexical"
    SENTENCE = "sentence"
    BOTH = "both"


class GraphKind(StrEnum):
    """Which graph is used: the real one, none, or one whose facts are dealt out to random products (a control)."""

    REAL = "real"
    NONE = "none"
    SHUFFLED = "shuffled"


class GraphLoss(StrEnum):
    """The link-prediction loss the node vectors are trained with, jointly with the ranking loss."""

    NONE = "none"
    TRANSE = "transe"
    DISTMULT = "distmult"
    ROTATE = "rotate"


def _field(section: str, default: Any, **rules: Any) -> Any:
    return Field(default=default, json_schema_extra={"section": section}, **rules)


class TrainConfig(BaseModel):
    """All that decides a run, together with data, graph and code. Ranges are enforced; unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: SplitKind = _field(
        "data", SplitKind.TEMPORAL, description="Global temporal split, or leave-one-out."
    )
    valid_share: float = _field(
        "data", 0.1, ge=0.02, le=0.3, description="Share of events in the validation period (temporal split)."
    )
    test_share: float = _field(
        "data", 0.1, ge=0.02, le=0.3, description="Share of events in the test period (temporal split)."
    )
    purchases_only: bool = _field("data", False, description="Leave views and carts out.")

    text: TextKind = _field("product", TextKind.BOTH, description="Text vectors of a product.")
    graph: GraphKind = _field("product", GraphKind.REAL, description="Graph of the product's facts.")
    reviews_in_graph: bool = _field(
        "product",
        False,
        description="Also use facts that only reviews support: may leak what happened later.",
    )
    id_dim: int = _field(
        "product", 32, ge=0, le=512, description="Size of the learned product vector; 0 for none."
    )
    encoder: str = _field(
        "product",
        "",
        description="Id of a tuned text encoder of the workspace; none for the one as it comes.",
    )
    text_dim: int = _field(
        "product", 64, ge=8, le=384, description="Size of each text vector after projection."
    )
    graph_dim: int = _field(
        "product", 32, ge=4, le=256, multiple_of=2, description="Size of a node's vector."
    )
    id_dropout: float = _field(
        "product",
        0.2,
        ge=0.0,
        le=0.9,
        description="Share of products whose learned vector is hidden in a step, so that content is learned too.",
    )

    layers: int = _field("shopper", 1, ge=0, le=6, description="Transformer layers over the history.")
    heads: int = _field("shopper", 2, ge=1, le=16, description="Attention heads.")
    width: int = _field("shopper", 64, ge=8, le=512, description="Width of the transformer.")
    history_length: int = _field(
        "shopper", 30, ge=2, le=200, description="Most recent products that are read."
    )
    dropout: float = _field("shopper", 0.3, ge=0.0, le=0.9, description="Dropout rate.")

    loss: Literal["softmax", "bpr"] = _field(
        "training", "softmax", description="Full softmax over the catalogue, or BPR against sampled products."
    )
    graph_loss: GraphLoss = _field(
        "training", GraphLoss.TRANSE, description="Joint loss on the graph's facts."
    )
    graph_weight: float = _field("training", 0.1, ge=0.0, le=10.0, description="Weight of the graph loss.")
    residual_folds: int = _field(
        "training",
        3,
        ge=2,
        le=10,
        description="Folds of shoppers for out-of-fold baseline scores, so the network never sees its own answer.",
    )
    optimiser: Literal["adamw", "sgd"] = _field("training", "adamw", description="Optimiser.")
    learning_rate: float = _field("training", 1e-3, gt=0.0, le=1.0, description="Peak learning rate.")
    weight_decay: float = _field("training", 0.01, ge=0.0, le=1.0, description="Decoupled weight decay (L2).")
    warmup_share: float = _field(
        "training", 0.1, ge=0.0, le=0.9, description="Share of steps with rising rate."
    )
    batch_size: int = _field("training", 32, ge=2, le=8192, description="Shoppers in a step.")
    epochs: int = _field("training", 20, ge=1, le=1000, description="Most passes over the training data.")
    patience: int = _field(
        "training", 4, ge=1, le=100, description="Passes without better validation NDCG@10 before it stops."
    )
    clip: float = _field("training", 1.0, gt=0.0, le=100.0, description="Largest norm of the gradient.")

    certificate: bool = _field(
        "training",
        True,
        description="Afterwards train without the graph and with a shuffled one, to show what the graph is worth.",
    )
    adversarial: Literal["none", "fgsm", "pgd"] = _field(
        "adversarial",
        "none",
        description="Train against perturbed product vectors: not at all, by one step, or by several.",
    )
    adversarial_weight: float = _field(
        "adversarial", 0.2, ge=0.0, le=10.0, description="Weight of the ranking loss under attack."
    )
    adversarial_epsilon: float = _field(
        "adversarial",
        0.25,
        gt=0.0,
        le=2.0,
        description="Length of a perturbation, in mean lengths of a product vector.",
    )
    adversarial_steps: int = _field("adversarial", 3, ge=2, le=20, description="Steps of PGD.")

    seed: int = _field("machine", 0, ge=0, le=2**31 - 1, description="Seed of everything random.")
    device: Literal["auto", "cpu", "cuda", "mps"] = _field("machine", "auto", description="Where to compute.")
    threads: int = _field(
        "machine", 0, ge=0, le=256, description="CPU threads; 0 for the setting of the app."
    )

    @model_validator(mode="after")
    def _consistent(self) -> TrainConfig:
        if self.layers and self.width % self.heads:
            raise ValueError(f"width ({self.width}) must be a multiple of heads ({self.heads})")
        if self.id_dim == 0 and self.text is TextKind.NONE and self.graph is GraphKind.NONE:
            raise ValueError("a product needs at least one of learned vector, text and graph")
        return self


PRESETS: dict[str, TrainConfig] = {
    "quick": TrainConfig(epochs=12, patience=5, text=TextKind.LEXICAL, residual_folds=2, certificate=False),
    "balanced": TrainConfig(),
    "best": TrainConfig(
        id_dim=64,
        text_dim=128,
        graph_dim=64,
        width=128,
        layers=2,
        history_length=50,
        epochs=60,
        patience=8,
        learning_rate=5e-4,
        residual_folds=5,
    ),
}


def config_of(values: dict[str, Any]) -> TrainConfig:
    """Check values from a form, a file or a command line; raises ConfigError naming the field and its range."""
    return checked(TrainConfig, values)
