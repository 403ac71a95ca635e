"""The parameter-efficient methods, through PEFT: wrapping a model for training, and what each adds to a step."""

from __future__ import annotations

import math
from typing import Any, Protocol

from core.errors import ConfigError, ModelUnavailable
from core.llm.finetune_config import Kind

_ORTHOGONAL = 0.1
"""Weight of AdaLoRA's orthogonality term (Zhang et al. 2023, equation 4)."""
_IMPORTANCE = ("ipt", "exp_avg_ipt", "exp_avg_unc")


class Method(Protocol):
    """What a method's shape depends on; see ``FinetuneConfig``, whose fields these are."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def rank(self) -> int: ...  # noqa: D102
    @property
    def alpha(self) -> float: ...  # noqa: D102
    @property
    def dropout(self) -> float: ...  # noqa: D102
    @property
    def targets(self) -> str: ...  # noqa: D102
    @property
    def top_layers(self) -> int: ...  # noqa: D102
    @property
    def variant(self) -> str: ...  # noqa: D102
    @property
    def virtual_tokens(self) -> int: ...  # noqa: D102


def wrap(model: Any, config: Method, steps: int, task: str = "CAUSAL_LM") -> Any:
    """The model with a fresh adapter, the rest frozen; ``steps`` is how many there will be, for AdaLoRA's budget, and
    ``task`` is PEFT's name for what the model is used for.

    Raises ConfigError where the method does not fit the model.
    """
    peft = needed()
    try:
        # AdaLoRA weighs its ranks by weights and gradients, for which half precision is too coarse.
        full = config.kind == Kind.ADALORA
        made = _peft_config(peft, model, config, steps, task)
        return peft.get_peft_model(model, made, autocast_adapter_dtype=full)
    except (ValueError, NotImplementedError, RuntimeError) as error:
        raise ConfigError(
            f"This model cannot be fine-tuned so: {str(error).splitlines()[0]}",
            where=str(config.kind),
            remedy="Choose LoRA, or another base model.",
        ) from error


def needed() -> Any:
    """The package peft; raises ModelUnavailable where it is not installed."""
    try:
        import peft
    except ImportError as error:
        raise ModelUnavailable(
            f"The package {error.name} is missing.",
            where="fine-tuning",
            remedy="Run: pip install -r requirements.txt",
        ) from error
    return peft


def after_step(model: Any, config: Method, step: int) -> bool:
    """AdaLoRA moves its budget of ranks after each step, counted from 1; it reads the gradients of that step. Says
    whether weights may have changed."""
    if config.kind == Kind.ADALORA:
        model.base_model.update_and_allocate(step)
    return config.kind == Kind.ADALORA


def settled(config: Method, step: int, steps: int) -> bool:
    """Whether the adapter has the shape after this step that it will be kept in."""
    return config.kind != Kind.ADALORA or step >= steps - _last_part(steps)


def budget(model: Any, config: Method) -> dict[str, Any]:
    """What AdaLoRA remembers of the importance of ranks; {} for the other methods."""
    if config.kind != Kind.ADALORA:
        return {}
    kept = model.base_model.rankallocator
    pattern = model.peft_config["default"].rank_pattern
    return {name: getattr(kept, name) for name in _IMPORTANCE} | {"pattern": pattern}


def restore_budget(model: Any, config: Method, kept: dict[str, Any]) -> None:
    """Take up again what ``budget`` gave."""
    if config.kind != Kind.ADALORA:
        return
    for name in _IMPORTANCE:
        setattr(model.base_model.rankallocator, name, kept[name])
    model.peft_config["default"].rank_pattern = kept["pattern"]


def extra_loss(model: Any, config: Method) -> Any:
    """What the method adds to the loss: AdaLoRA's ‖PPᵀ − I‖, for both of its factors; else 0."""
    import torch

    if config.kind != Kind.ADALORA:
        return 0.0
    terms = []
    for name, factor in model.named_parameters():
        if "lora_A" in name or "lora_B" in name:
            square = factor @ factor.T if "lora_A" in name else factor.T @ factor
            terms.append(
                torch.linalg.matrix_norm((square - torch.eye(len(square), device=square.device)).float())
            )
    return _ORTHOGONAL * torch.stack(terms).mean()


def prompt_cache(model: Any, config: Method) -> Any:
    """The keys and values of a prefix-tuned model's virtual tokens, for one row; None for the other methods."""
    return model.get_prompt(batch_size=1) if config.kind == Kind.PREFIX else None


def _peft_config(peft: Any, model: Any, config: Method, steps: int, task: str) -> Any:
    if config.kind == Kind.PREFIX:
        return peft.PrefixTuningConfig(task_type=task, num_virtual_tokens=config.virtual_tokens)
    linear = linear_layers(model, lowest_layer(model, config), attention_only=config.targets == "attention")
    if config.kind == Kind.IA3:
        return peft.IA3Config(
            task_type=task,
            target_modules=[*linear],
            feedforward_modules=[name for name in linear if not of_attention(name)],
        )
    common = {
        "task_type": task,
        "target_modules": linear,
        "lora_alpha": config.alpha,
        "lora_dropout": config.dropout,
    }
    if config.kind == Kind.ADALORA:
        # The budget falls from one and a half times the rank to the rank, between the first and the last fifth.
        return peft.AdaLoraConfig(
            **common,
            init_r=math.ceil(1.5 * config.rank),
            target_r=config.rank,
            tinit=_last_part(steps),
            tfinal=_last_part(steps),
            deltaT=max(1, steps // 100),
            total_step=steps,
        )
    return peft.LoraConfig(
        **common,
        r=config.rank,
        use_rslora=config.variant == "rslora",
        use_dora=config.variant == "dora",
    )


def _last_part(steps: int) -> int:
    return steps // 5


def linear_layers(model: Any, lowest: int = 0, *, attention_only: bool = False) -> list[str]:
    """The full names of the linear layers inside the model's layers from ``lowest`` on; raises ConfigError where there
    are none."""
    import torch

    found = []
    for name, module in model.named_modules():
        inside = isinstance(module, torch.nn.Linear) and layer_number(name) >= lowest
        if inside and (of_attention(name) or not attention_only):
            found.append(name)
    if not found:
        raise ConfigError(
            "The model has no linear layers that could be adapted.",
            where=type(model).__name__,
            remedy="Choose all linear layers, or prefix tuning.",
        )
    return found


def lowest_layer(model: Any, config: Method) -> int:
    """The number (from 0) of the lowest layer that is adapted."""
    layers = int(model.config.get_text_config().num_hidden_layers)
    return max(0, layers - config.top_layers) if config.top_layers else 0


def layer_number(name: str) -> int:
    """The number of the layer that a part of a model lies in, by the part's full name; -1 outside of the layers."""
    return next((int(part) for part in name.split(".") if part.isdigit()), -1)


def of_attention(name: str) -> bool:
    """Whether a part of a model belongs to attention, by its full name."""
    return any(word in name for word in ("attn", "attention"))
