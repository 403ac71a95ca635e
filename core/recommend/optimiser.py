"""How fast each weight moves."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from core.recommend.config import TrainConfig
from core.recommend.network import Network

WEIGHTS_FASTER = 10.0
READER_SLOWER = 0.1


def optimiser_of(network: Network, views: nn.Module | None, config: TrainConfig) -> torch.optim.Optimizer:
    """The configuration's optimiser over the network and, where there are any, the views of the contrastive loss."""
    # A dozen weights say how much each block counts. They are well determined, so they may move fast and do not decay.
    # The transformer has the most room to learn shoppers by heart, so it moves slowest.
    weights = {id(parameter) for parameter in network.block_weights()}
    reader = {id(parameter) for parameter in network.reader.parameters()} if network.reader else set()
    rest = [p for p in network.parameters() if id(p) not in weights | reader]
    groups: list[dict[str, Any]] = [
        {"params": [*rest, *(views.parameters() if views else ())]},
        {
            "params": [p for p in network.parameters() if id(p) in reader],
            "lr": config.learning_rate * READER_SLOWER,
            "weight_decay": 10 * config.weight_decay,
        },
        {"params": network.block_weights(), "lr": WEIGHTS_FASTER * config.learning_rate, "weight_decay": 0.0},
    ]
    if config.optimiser == "sgd":
        return torch.optim.SGD(
            groups, lr=config.learning_rate, weight_decay=config.weight_decay, momentum=0.9
        )
    return torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)


def rate(step: int, steps: int, warmup_share: float) -> float:
    """Share of the peak learning rate in a step of ``steps``: rising in the warm-up, then a cosine down to 5%."""
    warm = max(1, int(steps * warmup_share))
    if step < warm:
        return (step + 1) / warm
    share = (step - warm) / max(1, steps - warm)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
