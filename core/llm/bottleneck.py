"""Bottleneck adapters: a narrow layer with a residual after each feed-forward layer, and after attention where asked.

Houlsby et al. (2019) put one after both, Pfeiffer et al. (2021) after the feed-forward layer alone. PEFT has neither.
"""

from __future__ import annotations

from typing import Any

import torch

from core.llm.finetune_kinds import Method, layer_number, linear_layers, lowest_layer, of_attention


class Bottleneck(torch.nn.Module):
    """y = f(x), then y + W₂ gelu(W₁ y). W₂ starts at zero, so that nothing changes before training."""

    def __init__(self, inner: torch.nn.Linear, rank: int, dropout: float) -> None:
        super().__init__()
        self.inner = inner
        place: dict[str, Any] = {"device": inner.weight.device, "dtype": inner.weight.dtype}
        self.down = torch.nn.Linear(inner.out_features, rank, **place)
        self.up = torch.nn.Linear(rank, inner.out_features, **place)
        self.dropout = torch.nn.Dropout(dropout)
        torch.nn.init.zeros_(self.up.weight)
        torch.nn.init.zeros_(self.up.bias)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """float[…, in] → float[…, out]."""
        made: torch.Tensor = self.inner(given)
        narrow = torch.nn.functional.gelu(self.down(self.dropout(made)))
        return made + torch.as_tensor(self.up(narrow))


def insert(model: Any, config: Method) -> None:
    """Put an adapter of ``config.rank`` behind the last linear layer of each feed-forward block; with ``targets`` =
    "all" behind that of each attention block too. Raises ConfigError where the model has no linear layers."""
    last: dict[tuple[int, bool], str] = {}
    for name in linear_layers(model, lowest_layer(model, config)):
        last[layer_number(name), of_attention(name)] = name
    for (_, attention), name in last.items():
        if attention and config.targets != "all":
            continue
        parent = model.get_submodule(name.rpartition(".")[0])
        place = name.rpartition(".")[2]
        setattr(parent, place, Bottleneck(getattr(parent, place), config.rank, config.dropout))
