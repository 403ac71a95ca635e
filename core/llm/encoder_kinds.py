"""The ways to tune an encoder, from none to all of its weights, behind one function that says which weights learn."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from core.errors import ConfigError
from core.llm.backbone import Backbone
from core.llm.finetune_kinds import Method, layer_number, lowest_layer, wrap

_PREFIX_SPREAD = 0.02
"""Of the first values of a prefix: PEFT draws them fifty times as wide, which drowns what the model knows."""


class EncoderKind(StrEnum):
    """No tuning; the methods of ``core.llm.finetune_config.Kind``; bottleneck adapters (Houlsby et al. 2019); and all
    weights."""

    FROZEN = "frozen"
    LORA = "lora"
    ADALORA = "adalora"
    IA3 = "ia3"
    PREFIX = "prefix"
    BOTTLENECK = "bottleneck"
    FULL = "full"


def attach(backbone: Backbone, config: Method, steps: int) -> dict[str, Any]:
    """Make a freshly loaded model ready to learn, and give the weights that do by name; the head is not among them.

    ``steps`` is how many there will be, for AdaLoRA's budget. Raises ConfigError where the method does not fit.
    """
    import torch

    model = backbone.model
    for weight in model.parameters():
        weight.requires_grad_(False)
    before = {id(weight) for weight in model.parameters()}
    kind = EncoderKind(config.kind)
    if kind is EncoderKind.FROZEN:
        return {}
    if kind is EncoderKind.FULL:
        return _all(backbone, config)
    if kind is EncoderKind.BOTTLENECK:
        from core.llm.bottleneck import insert

        insert(model, config)
    else:
        if kind is EncoderKind.PREFIX:
            _takes_prefix(backbone)
        backbone.wrapped = wrap(model, config, steps, "FEATURE_EXTRACTION")
        backbone.prompted = kind is EncoderKind.PREFIX
    backbone.root.to(backbone.device)
    found = {
        name: weight
        for name, weight in backbone.root.named_parameters()
        if weight.requires_grad and id(weight) not in before
    }
    if backbone.prompted:
        with torch.no_grad():
            for weight in found.values():
                weight.mul_(_PREFIX_SPREAD)
    return found


def restore(backbone: Backbone, config: Method, state: Mapping[str, Any]) -> None:
    """Make a freshly loaded model what it was when its learned weights were ``state``; raises ValueError where they do
    not fit it."""
    import torch

    weights = attach(backbone, config, 1)
    wrong = sorted(set(weights) ^ set(state))
    if wrong:
        raise ValueError(f"{wrong[0]} does not fit the base model")
    with torch.no_grad():
        for name, weight in weights.items():
            if weight.shape != state[name].shape:
                raise ValueError(f"{name} has another shape in the base model")
            weight.copy_(state[name])
    backbone.root.eval()


def _all(backbone: Backbone, config: Method) -> dict[str, Any]:
    """All weights of the body, or those of its highest layers."""
    lowest = lowest_layer(backbone.model, config) if config.top_layers else -1
    prefix = f"{backbone.model.base_model_prefix}."
    found = {
        prefix + name: weight
        for name, weight in backbone.body.named_parameters()
        if layer_number(name) >= lowest
    }
    for weight in found.values():
        weight.requires_grad_(True)
    return found


def _takes_prefix(backbone: Backbone) -> None:
    if "past_key_values" not in inspect.signature(backbone.body.forward).parameters:
        raise ConfigError(
            f"{backbone.base} cannot be tuned by a prefix: its attention takes no keys and values from outside.",
            where="kind",
            remedy="Choose LoRA, or bottleneck adapters.",
        )
