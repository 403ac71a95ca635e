"""The typed configuration of a tuning: what the form is made from, what an encoder is kept with."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.form import checked, setting
from core.llm.encoder_kinds import EncoderKind
from core.recommend.config import SplitKind

RATES: dict[EncoderKind, float] = {
    EncoderKind.FROZEN: 0.0,
    EncoderKind.LORA: 1e-3,
    EncoderKind.ADALORA: 3e-3,
    EncoderKind.IA3: 1e-2,
    EncoderKind.PREFIX: 1e-2,
    EncoderKind.BOTTLENECK: 1e-3,
    EncoderKind.FULL: 5e-5,
}
"""The usual peak learning rate of each kind: the fewer the weights, the higher."""
CPU_PAIRS, GPU_PAIRS = 32, 256
STEPS_A_PASS = 50
"""A GPU is not given so many pairs at once that a pass has fewer steps: a small catalogue would learn in no step at
all."""


class TuneConfig(BaseModel):
    """All that decides a tuning, together with base model, texts and events. Ranges are enforced; unknown names
    refused. ``split`` to ``purchases_only`` mean what they mean in ``TrainConfig``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: EncoderKind = setting("method", EncoderKind.LORA, description="How the encoder is tuned.")
    rank: int = setting(
        "method", 8, ge=1, le=256, description="Rank of LoRA, mean rank of AdaLoRA, width of a bottleneck."
    )
    alpha: float = setting("method", 16.0, gt=0.0, le=1024.0, description="LoRA's scale, times rank.")
    dropout: float = setting("method", 0.0, ge=0.0, le=0.9, description="Dropout inside the adapter.")
    targets: Literal["all", "attention"] = setting(
        "method", "all", description="Linear layers that are adapted; bottlenecks behind both blocks or one."
    )
    top_layers: int = setting(
        "method", 0, ge=0, le=1000, description="Tune only so many of the highest layers; 0 for all."
    )
    variant: Literal["plain", "rslora", "dora"] = setting("method", "plain", description="LoRA's variant.")
    virtual_tokens: int = setting("method", 8, ge=1, le=512, description="Virtual tokens of prefix tuning.")

    pretrain_epochs: int = setting(
        "pretraining", 1, ge=0, le=100, description="Passes of pre-training over the texts; 0 for none."
    )
    mask_share: float = setting(
        "pretraining", 0.15, ge=0.05, le=0.5, description="Share of the tokens an encoder has to fill in."
    )
    held_out: float = setting(
        "pretraining", 0.1, ge=0.02, le=0.5, description="Share of the texts perplexity is measured on."
    )

    epochs: int = setting("contrast", 3, ge=0, le=100, description="Most passes over the pairs; 0 for none.")
    most_pairs: int = setting("contrast", 2_000, ge=16, le=1_000_000, description="Most pairs in a pass.")
    window: int = setting(
        "contrast", 5, ge=1, le=100, description="Most steps of a history between two products of a pair."
    )
    temperature: float = setting("contrast", 0.2, gt=0.0, le=1.0, description="Temperature of the contrast.")
    graph_weight: float = setting(
        "contrast", 0.0, ge=0.0, le=10.0, description="Weight of the contrast of a text with its facts."
    )

    batch_size: int = setting(
        "training", 0, ge=0, le=8192, description="Pairs of a step; 0 for 32, or up to 256 on a GPU."
    )
    learning_rate: float = setting(
        "training", 0.0, ge=0.0, le=1.0, description="Peak learning rate; 0 for the usual one of the kind."
    )
    schedule: Literal["linear", "cosine"] = setting("training", "cosine", description="How the rate falls.")
    warmup_share: float = setting(
        "training", 0.1, ge=0.0, le=0.9, description="Share of the steps with a rising rate."
    )
    weight_decay: float = setting("training", 0.01, ge=0.0, le=1.0, description="Decoupled weight decay.")
    clip: float = setting("training", 1.0, gt=0.0, le=100.0, description="Largest norm of the gradient.")
    max_tokens: int = setting("training", 64, ge=8, le=512, description="Tokens of a text in training.")
    checks: int = setting("training", 2, ge=1, le=50, description="Validations in a pass.")
    patience: int = setting(
        "training", 4, ge=1, le=100, description="Validations without a better one before it stops."
    )

    split: SplitKind = setting("data", SplitKind.TEMPORAL, description="Temporal split, or leave-one-out.")
    valid_share: float = setting("data", 0.1, ge=0.02, le=0.3, description="Share of validation events.")
    test_share: float = setting("data", 0.1, ge=0.02, le=0.3, description="Share of test events.")
    purchases_only: bool = setting("data", False, description="Leave views and carts out.")

    seed: int = setting("machine", 0, ge=0, le=2**31 - 1, description="Seed of everything random.")
    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "machine", "auto", description="Where to compute."
    )
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "machine", "auto", description="What products of matrices are computed in while it learns."
    )

    @property
    def rate(self) -> float:
        """The peak learning rate that is meant."""
        return self.learning_rate or RATES[self.kind]

    def pairs_a_step(self, device: str, pairs: int) -> int:
        """The batch size that is meant where there are so many pairs."""
        if self.batch_size or device != "cuda":
            return self.batch_size or CPU_PAIRS
        return min(GPU_PAIRS, max(CPU_PAIRS, min(pairs, self.most_pairs) // STEPS_A_PASS))


PRESETS: dict[str, TuneConfig] = {
    "quick": TuneConfig(pretrain_epochs=1, epochs=1, most_pairs=500, max_tokens=48),
    "balanced": TuneConfig(),
    "best": TuneConfig(pretrain_epochs=3, epochs=10, most_pairs=10_000, rank=16, alpha=32.0, max_tokens=128),
}


def config_of(values: dict[str, Any]) -> TuneConfig:
    """Check values from a form, a file or a command line; raises ConfigError naming the field and its range."""
    return checked(TuneConfig, values)
