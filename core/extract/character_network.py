"""A recurrent network that gives each character scores for the labels of a linear chain (Lample et al., 2016).

It is ``lac`` trained further, beside what ``characters`` says of each character; ``character_training`` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.extract.chain import Chain, Found
from core.extract.characters import Rows
from core.extract.lac import Layer, pretrained

Floats = NDArray[np.float32]
_LAYER = ("inward", "bias", "gates", "candidate")


@dataclass(frozen=True)
class CharacterNetwork:
    """``labels`` are those of the chain; ``names`` has the row of each feature in ``weights["features"]``."""

    labels: tuple[str, ...]
    names: Mapping[str, int]
    weights: Mapping[str, Floats]

    def posterior(self, text: str, rows: Rows) -> dict[Found, float]:
        """The probability of every span that has at least 0.01; ``rows`` are those of ``characters``."""
        start = pretrained()
        states = start.vectors[start.rows(text)]
        for layer in self._layers:
            states = layer.read(states)
        return self._chain.posterior(self._scores(states, rows).astype(np.float64))

    @cached_property
    def _layers(self) -> tuple[Layer, ...]:
        count = sum(name.startswith(f"{_LAYER[0]}.") for name in self.weights)
        return tuple(Layer(*(self.weights[f"{name}.{at}"] for name in _LAYER)) for at in range(count))

    @cached_property
    def _chain(self) -> Chain:
        return Chain(self.labels, self.weights["transitions"].astype(np.float64))

    def _scores(self, states: Floats, rows: Rows) -> Floats:
        features = self.weights["features"]
        told = [
            features[[self.names[name] for name in row if name in self.names]].sum(axis=0) for row in rows
        ]
        joined = np.concatenate([states, np.tanh(np.stack(told))], axis=1)
        edge = np.zeros((1, joined.shape[1]), np.float32)
        padded = np.concatenate([edge, joined, edge])
        windows = np.concatenate([padded[:-2], padded[1:-1], padded[2:]], axis=1)
        hidden = np.maximum(windows @ self.weights["window"] + self.weights["window_bias"], 0.0)
        scores: Floats = hidden @ self.weights["out"] + self.weights["out_bias"]
        return scores


def weights_of(layers: tuple[Layer, ...]) -> dict[str, Floats]:
    """The weights of recurrent layers, by the names they have in ``CharacterNetwork``."""
    return {f"{name}.{at}": getattr(layer, name) for at, layer in enumerate(layers) for name in _LAYER}
