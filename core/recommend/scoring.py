"""One way to score, for validation, test, serving and explanation alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.recommend.baselines import Baseline
from core.recommend.data import Ints
from core.recommend.network import Inputs, Network

BATCH = 256


@dataclass(frozen=True, slots=True)
class Mix:
    """Weights ≥ 0 of baseline and network in the sum, tuned on validation."""

    baseline: float
    network: float


@dataclass(frozen=True, eq=False)
class Combined:
    """score(h, i) = mix.baseline · b(h, i) + mix.network · (u(h) · v(i) + p(i)).

    ``vectors`` float[n, size] and ``bias`` float[n] are the products; ``average`` float[size] is the average
    shopper's vector and ``average_baseline`` float[n] the average shopper's baseline scores, which stand in for an
    empty history.
    """

    network: Network
    baseline: Baseline
    mix: Mix
    vectors: NDArray[np.floating]
    bias: NDArray[np.floating]
    average: NDArray[np.floating]
    average_baseline: NDArray[np.floating]

    def shoppers(self, histories: Sequence[Ints]) -> NDArray[np.floating]:
        """Shopper vectors [histories, size] in the precision of the network."""
        return shopper_vectors(self.network, self.vectors, histories, self.average)

    def baselines(self, histories: Sequence[Ints]) -> NDArray[np.float64]:
        """Baseline scores float64[histories, n]."""
        scores = self.baseline.score(histories)
        scores[[len(history) == 0 for history in histories]] = self.average_baseline
        return scores

    def score(self, histories: Sequence[Ints]) -> NDArray[np.floating]:
        """Scores [histories, n]."""
        scores = self.mix.baseline * self.baselines(histories)
        if self.mix.network:
            scores += self.mix.network * (self.shoppers(histories) @ self.vectors.T + self.bias)
        return scores


@torch.inference_mode()
def product_vectors(network: Network, inputs: Inputs) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(vectors [n, size], popularity terms [n]) with dropout off."""
    network.eval()
    return network.products(inputs).cpu().numpy(), network.bias(inputs).cpu().numpy()


@torch.inference_mode()
def shopper_vectors(
    network: Network,
    vectors: NDArray[np.floating],
    histories: Sequence[Ints],
    average: NDArray[np.floating] | None = None,
) -> NDArray[np.floating]:
    """Shopper vectors [histories, size]; an empty history gets ``average`` (zeros where none is given)."""
    network.eval()
    device = network.node.device
    table = torch.as_tensor(vectors, device=device, dtype=network.node.dtype)
    found = np.zeros((len(histories), vectors.shape[1]), vectors.dtype)
    if average is not None:
        found[:] = average
    # Histories of similar length share a batch: less padding, same result.
    kept = [history[-network.shape.history_length :] for history in histories]
    order = sorted((k for k in range(len(kept)) if len(kept[k])), key=lambda k: len(kept[k]))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        lengths = np.array([len(kept[k]) for k in chosen])
        padded = np.zeros((len(chosen), int(lengths.max())), np.int64)
        for row, k in enumerate(chosen):
            padded[row, : len(kept[k])] = kept[k]
        states = network.shoppers(table[torch.as_tensor(padded, device=device)])
        last = states[torch.arange(len(chosen)), torch.as_tensor(lengths - 1)]
        found[chosen] = last.cpu().numpy()
    return found
