"""The typed configuration of a fine-tuning: what the form is made from, what an adapter is kept with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from core.errors import ConfigError
from core.form import checked, setting


class Kind(StrEnum):
    """The parameter-efficient methods: LoRA (Hu et al. 2021), AdaLoRA (Zhang et al. 2023), (IA)³ (Liu et al. 2022)
    and prefix tuning (Li and Liang 2021)."""

    LORA = "lora"
    ADALORA = "adalora"
    IA3 = "ia3"
    PREFIX = "prefix"


class FinetuneConfig(BaseModel):
    """All that decides a fine-tuning, together with base model and lessons. Ranges are enforced; unknown names
    refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = setting("adapter", Kind.LORA, description="Parameter-efficient method.")
    rank: int = setting("adapter", 16, ge=1, le=256, description="Rank of LoRA; the mean one of AdaLoRA.")
    alpha: float = setting("adapter", 32.0, gt=0.0, le=1024.0, description="LoRA's scale, times rank.")
    dropout: float = setting("adapter", 0.0, ge=0.0, le=0.9, description="Dropout before LoRA's matrices.")
    targets: Literal["all", "attention"] = setting(
        "adapter", "all", description="Linear layers that are adapted."
    )
    top_layers: int = setting(
        "adapter", 0, ge=0, le=1000, description="Adapt only so many of the highest layers; 0 for all."
    )
    variant: Literal["plain", "rslora", "dora"] = setting(
        "adapter",
        "plain",
        description="LoRA's variant: rank-stabilised scale (Kalajdzievski 2023) or weight decomposition (Liu 2024).",
    )
    virtual_tokens: int = setting("adapter", 20, ge=1, le=512, description="Virtual tokens of prefix tuning.")

    epochs: int = setting("training", 3, ge=1, le=100, description="Most passes over the lessons.")
    steps: int = setting("training", 0, ge=0, le=1_000_000, description="Most steps; 0 for no limit.")
    learning_rate: float = setting("training", 5e-4, gt=0.0, le=1.0, description="Peak learning rate.")
    batch_size: int = setting("training", 8, ge=1, le=512, description="Lessons computed together.")
    accumulation: int = setting("training", 1, ge=1, le=512, description="Batches that make one step.")
    schedule: Literal["linear", "cosine"] = setting(
        "training", "cosine", description="How the rate falls after its rise."
    )
    warmup_share: float = setting(
        "training", 0.1, ge=0.0, le=0.9, description="Share of the steps with a rising rate."
    )
    weight_decay: float = setting("training", 0.0, ge=0.0, le=1.0, description="Decoupled weight decay.")
    clip: float = setting("training", 1.0, gt=0.0, le=100.0, description="Largest norm of the gradient.")
    max_tokens: int = setting(
        "training", 768, ge=64, le=32_768, description="Most tokens of a lesson; longer ones are left out."
    )

    valid_share: float = setting(
        "validation",
        0.1,
        ge=0.02,
        le=0.5,
        description="Share of the texts kept for validation, at least 16 texts.",
    )
    checks: int = setting("validation", 2, ge=1, le=50, description="Validations in a pass over the lessons.")
    patience: int = setting(
        "validation", 4, ge=1, le=100, description="Validations without a lower loss before it stops."
    )

    seed: int = setting("machine", 0, ge=0, le=2**31 - 1, description="Seed of everything random.")
    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "machine", "auto", description="Where to compute."
    )
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "machine", "auto", description="What the model computes in; adapters are kept in float32."
    )

    @model_validator(mode="after")
    def _consistent(self) -> FinetuneConfig:
        if self.kind is not Kind.LORA and self.variant != "plain":
            raise ValueError("rsLoRA and DoRA are variants of LoRA")
        return self


_SHAPE = ("kind", "rank", "alpha", "targets", "top_layers", "variant", "virtual_tokens")


def shaped_like(config: FinetuneConfig, other: Mapping[str, Any]) -> FinetuneConfig:
    """The configuration with the shape of an adapter that ``other`` made. Raises ConfigError for AdaLoRA, whose ranks
    are settled when it is kept."""
    if other.get("kind") == Kind.ADALORA:
        raise ConfigError(
            "An AdaLoRA adapter cannot be trained further.",
            where="start",
            remedy="Begin with another adapter, or afresh.",
        )
    return config_of(
        {**config.model_dump(mode="json"), **{name: other[name] for name in _SHAPE if name in other}}
    )


PRESETS: dict[str, FinetuneConfig] = {
    "quick": FinetuneConfig(epochs=1, rank=8, alpha=16.0, checks=3),
    "balanced": FinetuneConfig(),
    "best": FinetuneConfig(epochs=6, rank=32, alpha=64.0, learning_rate=3e-4, patience=6),
}


def config_of(values: dict[str, Any]) -> FinetuneConfig:
    """Check values from a form, a file or a command line; raises ConfigError naming the field and its range."""
    return checked(FinetuneConfig, values)
