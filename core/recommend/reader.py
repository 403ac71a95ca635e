"""Reading a shopper's history step by step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Reader(nn.Module):
    """A causal transformer with relative positions; its output starts at zero, so training starts from the sum."""

    def __init__(self, size: int, width: int, layers: int, heads: int, length: int, dropout: float) -> None:
        super().__init__()
        self.length = length
        self.enter = nn.Linear(size, width)
        self.position = nn.Parameter(torch.zeros(heads, length))
        self.layers = nn.ModuleList(Layer(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, size, bias=False)
        nn.init.zeros_(self.leave.weight)

    def forward(self, history: Tensor, age: Tensor) -> Tensor:
        """float[batch, length, size] → the same."""
        near = self.position[:, age.clamp(0, self.length - 1).long()]
        bias = torch.where(age >= 0, near, float("-inf"))
        state = self.enter(history)
        for layer in self.layers:
            state = layer(state, bias)
        return self.leave(self.norm(state))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Pre-norm attention and feed-forward."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, state: Tensor, bias: Tensor) -> Tensor:
        """float[batch, length, width] with an additive attention bias float[heads, length, length]."""
        batch, length, width = state.shape
        parts = self.attend(self.norm(state)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], attn_mask=bias[None])
        state = state + self.dropout(self.mix(seen.transpose(1, 2).reshape(batch, length, width)))
        return state + self.dropout(self.feed(state))  # type: ignore[no-any-return]
