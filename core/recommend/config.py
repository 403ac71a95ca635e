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
    COLD_ITEM = "cold_item"
    COLD_USER = "cold_user"
    CROSS_DOMAIN = "cross_domain"


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


class RankLoss(StrEnum):
    """What the ranking is learned by; "auto" is the full softmax, and the sampled one where the catalogue is large."""

    AUTO = "auto"
    SOFTMAX = "softmax"
    SAMPLED_SOFTMAX = "sampled_softmax"
    BPR = "bpr"


class Debias(StrEnum):
    """Where a product's popularity is weighed out: nowhere, in training, in a figure beside the others, in both."""

    NONE = "none"
    TRAINING = "training"
    EVALUATION = "evaluation"
    BOTH = "both"


def _field(section: str, default: Any, **rules: Any) -> Any:
    return Field(default=default, json_schema_extra={"section": section}, **rules)


class TrainConfig(BaseModel):
    """All that decides a run, together with data, graph and code. Ranges are enforced; unknown names refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: SplitKind = _field(
        "data",
        SplitKind.TEMPORAL,
        description="Global temporal split, leave-one-out, or held-out products, shoppers or domain.",
    )
    valid_share: float = _field(
        "data",
        0.1,
        ge=0.02,
        le=0.3,
        description="Share of events (temporal), products or shoppers to validate on.",
    )
    test_share: float = _field(
        "data",
        0.1,
        ge=0.02,
        le=0.3,
        description="Share of events (temporal), products or shoppers to test on.",
    )
    domain: str = _field(
        "data",
        "",
        max_length=200,
        description="Target of a cross-domain split, a category's first level; the most reached one if empty.",
    )
    purchases_only: bool = _field("data", False, description="Leave views and carts out.")
    view_weight: float = _field(
        "data", 1.0, ge=0.0, le=10.0, description="What a view counts; 0 for nothing."
    )
    cart_weight: float = _field("data", 1.0, ge=0.0, le=10.0, description="What a cart counts.")
    purchase_weight: float = _field("data", 1.0, ge=0.0, le=10.0, description="What a purchase counts.")
    rating_weight: float = _field("data", 1.0, ge=0.0, le=10.0, description="What a good rating counts.")
    lowest_rating: float = _field(
        "data", 3.0, ge=0.0, le=10.0, description="A rating below this does not speak for a product."
    )
    k_core: int = _field(
        "data", 1, ge=1, le=50, description="Events a shopper and a product must have to stay; 1 for all."
    )
    session_gap: float = _field(
        "data", 0.0, ge=0.0, le=8760.0, description="Hours without an event that end a session; 0 for none."
    )

    text: TextKind = _field("product", TextKind.BOTH, description="Text vectors of a product.")
    graph: GraphKind = _field("product", GraphKind.REAL, description="Graph of the product's facts.")
    reviews_in_graph: bool = _field(
        "product",
        False,
        description="Also use facts that only reviews support: may leak what happened later.",
    )
    behaviour_in_graph: bool = _field(
        "product",
        False,
        description="Also use also-bought and also-viewed links: they may come from the test's own events.",
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

    loss: RankLoss = _field(
        "training",
        RankLoss.AUTO,
        description="Softmax over the whole catalogue or over a sample of it, or BPR against single products.",
    )
    horizon: int = _field(
        "training",
        0,
        ge=0,
        le=200,
        description="Answers are drawn from so many products that follow; 0 as the split asks: the next, or several.",
    )
    negatives: int = _field(
        "training",
        1_024,
        ge=1,
        le=1_000_000,
        description="Products drawn in a step of the sampled softmax, on average.",
    )
    graph_loss: GraphLoss = _field(
        "training", GraphLoss.TRANSE, description="Joint loss on the graph's facts."
    )
    graph_weight: float = _field("training", 0.1, ge=0.0, le=10.0, description="Weight of the graph loss.")
    contrastive_weight: float = _field(
        "training",
        0.0,
        ge=0.0,
        le=10.0,
        description="Weight of the contrastive loss between a product's text and its facts; 0 for none.",
    )
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
    find_batch: bool = _field(
        "training",
        False,
        description="On CUDA, begin with the largest batch that fits, looked for from the given size on.",
    )
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
    # Of 0.1, 0.2, 0.35, 0.5 and 1 the least weight that on the sample's validation halves what FGSM takes, at 2% of
    # NDCG@10 clean (docs/benchmarks.md). A length of 0.4 is no better against attacks of 0.25.
    adversarial_weight: float = _field(
        "adversarial", 0.5, ge=0.0, le=10.0, description="Weight of the ranking loss under attack."
    )
    adversarial_epsilon: float = _field(
        "adversarial",
        0.25,
        gt=0.0,
        le=2.0,
        description="Length of a perturbation, in mean lengths of a product vector.",
    )
    adversarial_steps: int = _field("adversarial", 3, ge=2, le=20, description="Steps of PGD.")

    debias: Debias = _field(
        "debiasing",
        Debias.NONE,
        description="Weigh answers by inverse propensity in training, in a figure beside the others, or in both.",
    )
    propensity_power: float = _field(
        "debiasing",
        0.5,
        ge=0.0,
        le=2.0,
        description="A product's propensity is its share of the most popular one's shoppers to this power.",
    )
    propensity_clip: float = _field(
        "debiasing", 10.0, ge=1.0, le=1_000.0, description="Largest weight of an answer, the mean being 1."
    )

    seed: int = _field("machine", 0, ge=0, le=2**31 - 1, description="Seed of everything random.")
    device: Literal["auto", "cpu", "cuda", "mps"] = _field("machine", "auto", description="Where to compute.")
    precision: Literal["auto", "float32", "bf16", "fp16"] = _field(
        "machine",
        "auto",
        description="Number format of a step; automatic is mixed precision on CUDA and float32 elsewhere.",
    )
    processes: int = _field(
        "machine", 1, ge=1, le=64, description="Processes that share each step, one a GPU (Accelerate)."
    )
    threads: int = _field(
        "machine", 0, ge=0, le=256, description="CPU threads; 0 for the setting of the app."
    )

    @model_validator(mode="after")
    def _consistent(self) -> TrainConfig:
        if self.layers and self.width % self.heads:
            raise ValueError(f"width ({self.width}) must be a multiple of heads ({self.heads})")
        if self.id_dim == 0 and self.text is TextKind.NONE and self.graph is GraphKind.NONE:
            raise ValueError("a product needs at least one of learned vector, text and graph")
        if self.contrastive_weight and self.text is TextKind.NONE:
            raise ValueError("contrastive_weight needs text vectors (text is none)")
        if self.precision == "fp16" and self.device in ("cpu", "mps"):
            raise ValueError(f"precision fp16 needs CUDA (device is {self.device})")
        return self


FULL_PRODUCTS = 80_000
"""Up to this many products "auto" ranks them all in each step; a step's scores then take a gigabyte and more."""


def ranking(config: TrainConfig, products: int) -> RankLoss:
    """The ranking loss of a run over that many products: what "auto" stands for."""
    if config.loss is not RankLoss.AUTO:
        return config.loss
    return RankLoss.SOFTMAX if products <= FULL_PRODUCTS else RankLoss.SAMPLED_SOFTMAX


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
