"""The layers of ``lac`` as a PyTorch module, to be trained on; import it only where something is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from core.extract.lac import WIDTH, Layer, pretrained


class Reader(nn.Module):
    """Reads batches of characters; starts as the network comes. The vectors of the characters stay as they are."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        start = pretrained()
        self.register_buffer("_vectors", torch.from_numpy(start.vectors), persistent=False)
        self._dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(_Layer(layer) for layer in start.layers)

    def forward(self, rows: Tensor, mask: Tensor) -> Tensor:
        """States ``[texts, length, 2 * WIDTH]`` of character rows ``[texts, length]``; ``mask`` is 1.0 for characters
        and 0.0 for the padding behind them."""
        states = torch.nn.functional.embedding(rows, self.get_buffer("_vectors"))
        for layer in self.layers:
            states = layer(self._dropout(states), mask)
        return states

    def trained(self) -> tuple[Layer, ...]:
        """The layers for reading without PyTorch."""
        return tuple(layer.trained() for layer in self.layers if isinstance(layer, _Layer))


class _Layer(nn.Module):
    def __init__(self, start: Layer) -> None:
        super().__init__()
        self.inward, self.bias, self.gates, self.candidate = (
            nn.Parameter(torch.from_numpy(weights.copy()))
            for weights in (start.inward, start.bias, start.gates, start.candidate)
        )

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        texts, length, width = states.shape
        both = torch.stack([states, states.flip(1)]).view(2, texts * length, width)
        inward = (torch.bmm(both, self.inward) + self.bias).view(2, texts, length, 3 * WIDTH)
        here = torch.stack([mask, mask.flip(1)]).unsqueeze(-1)
        hidden = states.new_zeros(2, texts, WIDTH)
        made = []
        for at in range(length):
            given = inward[:, :, at]
            gates = torch.sigmoid(torch.baddbmm(given[..., : 2 * WIDTH], hidden, self.gates))
            update, reset = gates[..., :WIDTH], gates[..., WIDTH:]
            proposed = torch.tanh(torch.baddbmm(given[..., 2 * WIDTH :], reset * hidden, self.candidate))
            # Padding comes first for those that read back: it must leave no trace.
            hidden = torch.lerp(hidden, proposed, update) * here[:, :, at]
            made.append(hidden)
        forth, back = torch.stack(made, dim=2)
        return torch.cat([forth, back.flip(1)], dim=-1)

    def trained(self) -> Layer:
        return Layer(
            *(
                weights.detach().numpy().copy()
                for weights in (self.inward, self.bias, self.gates, self.candidate)
            )
        )


def padded(texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of characters ``[texts, longest]`` and the mask for ``Reader``."""
    lengths = torch.tensor([len(text) for text in texts])
    rows = torch.from_numpy(_filled(texts))
    mask = (torch.arange(rows.shape[1])[None] < lengths[:, None]).float()
    return rows, mask


def _filled(texts: Sequence[Sequence[int]]) -> np.ndarray:
    made = np.zeros((len(texts), max(map(len, texts))), np.int64)
    for row, text in zip(made, texts, strict=True):
        row[: len(text)] = text
    return made
