"""Where training starts from, and how fast each weight moves."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from core.recommend.batches import Batch
from core.recommend.config import TrainConfig
from core.recommend.network import Network
from core.recommend.objective import Objective

WEIGHTS_FASTER = 10.0
READER_SLOWER = 0.1
LEVELS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


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


@torch.no_grad()
def level(objective: Objective, batch: Batch) -> None:
    """Set the sizes of baseline and network in the sum so that training starts from a sensible likelihood."""
    network, device = objective.network.eval(), objective.device
    where, inputs = objective.dealt_with(batch)
    vectors = network.products(inputs)
    states = network.shoppers(vectors[torch.as_tensor(batch.history, device=device)])
    shoppers = states[torch.as_tensor(batch.row), torch.as_tensor(batch.step)]
    own = shoppers @ vectors.T
    own = own / own.std(1).mean().clamp(min=1e-6)
    base = torch.as_tensor(batch.baseline, device=device)
    target = torch.as_tensor(batch.target, device=device)
    seen = torch.as_tensor(batch.seen[0]), torch.as_tensor(batch.seen[1])
    tried = []
    for size in LEVELS:
        for residual in LEVELS:
            scores = (size * own + residual * base).masked_fill(objective.unseen[where], float("-inf"))
            scores[seen] = float("-inf")
            tried.append((float(functional.cross_entropy(scores, target)), size, residual))
    _, size, residual = min(tried)
    network.strength.mul_(size / (shoppers @ vectors.T).std(1).mean().clamp(min=1e-6))
    network.residual.fill_(math.log(residual))
