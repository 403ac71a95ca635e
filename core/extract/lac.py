"""The recurrent network inside the jieba package (Baidu's LAC: two layers of gated recurrent units that read a text
in both directions), taught to cut and tag Chinese on far more text than a shop has.

Its weights are where the networks for Chinese texts start from; it is computed here with NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelUnavailable

Floats = NDArray[np.float32]

WIDTH = 128
_INWARD = (WIDTH, 2 * WIDTH)
_UNKNOWN = "OOV"


@dataclass(frozen=True, slots=True)
class Layer:
    """Units that read forth and others that read back: ``inward`` is ``[2, in, 3 * WIDTH]``, ``bias``
    ``[2, 1, 3 * WIDTH]``, ``gates`` ``[2, WIDTH, 2 * WIDTH]`` (update, reset), ``candidate`` ``[2, WIDTH, WIDTH]``."""

    inward: Floats
    bias: Floats
    gates: Floats
    candidate: Floats

    def read(self, states: Floats) -> Floats:
        """From ``[characters, in]`` to ``[characters, 2 * WIDTH]``; both directions are computed side by side."""
        inward = np.stack([states, states[::-1]]) @ self.inward + self.bias
        hidden: NDArray[np.floating[Any]] = np.zeros((2, 1, WIDTH), np.float32)
        made = np.empty((len(states), 2, WIDTH), np.float32)
        for at in range(len(states)):
            given = inward[:, at : at + 1]
            gates = 1.0 / (1.0 + np.exp(-(given[..., : 2 * WIDTH] + hidden @ self.gates)))
            reset = gates[..., WIDTH:] * hidden
            proposed = np.tanh(given[..., 2 * WIDTH :] + reset @ self.candidate)
            hidden = hidden + gates[..., :WIDTH] * (proposed - hidden)
            made[at] = hidden[:, 0]
        return np.concatenate([made[:, 0], made[::-1, 1]], axis=1)


@dataclass(frozen=True, slots=True)
class Pretrained:
    """``vectors`` is ``[characters known, WIDTH]``, ``ids`` has the row of each; ``layers`` are two."""

    ids: Mapping[str, int]
    vectors: Floats
    layers: tuple[Layer, ...]

    def rows(self, text: str) -> list[int]:
        """The row of each character; those it does not know share one."""
        unknown = self.ids[_UNKNOWN]
        return [self.ids.get(character, unknown) for character in text]


@cache
def pretrained() -> Pretrained:
    """The network as it comes; raises ModelUnavailable where the package lacks its files."""
    spec = find_spec("jieba")
    folder = Path(spec.origin or "").parent / "lac_small" if spec else Path()
    try:
        ids = _ids(folder / "word.dic")
        weights = folder / "model_baseline"
        vectors = _weights(weights / "word_emb", max(ids.values()) + 1, WIDTH)
        layers = tuple(_layer(weights, number, width) for number, width in enumerate(_INWARD))
        return Pretrained({_UNKNOWN: ids[_UNKNOWN], **ids}, vectors, layers)
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(
            f"The network for Chinese texts cannot be read ({error}).",
            where=str(folder),
            remedy="Install the package jieba as requirements.txt names it.",
        ) from error


def _layer(folder: Path, number: int, width: int) -> Layer:
    inward, bias, gates, candidate = [], [], [], []
    for direction in (2 * number, 2 * number + 1):
        inward.append(_weights(folder / f"fc_{direction}.w_0", width, 3 * WIDTH))
        bias.append(
            _weights(folder / f"fc_{direction}.b_0", 1, 3 * WIDTH)
            + _weights(folder / f"gru_{direction}.b_0", 1, 3 * WIDTH)
        )
        recurrent = _weights(folder / f"gru_{direction}.w_0", 3 * WIDTH * WIDTH)
        cut = 2 * WIDTH * WIDTH
        gates.append(recurrent[:cut].reshape(WIDTH, 2 * WIDTH))
        candidate.append(recurrent[cut:].reshape(WIDTH, WIDTH))
    return Layer(np.stack(inward), np.stack(bias), np.stack(gates), np.stack(candidate))


def _weights(path: Path, *shape: int) -> Floats:
    """The numbers of a Paddle tensor: they stand at the end of its file, after a header of varying length."""
    size = 4 * int(np.prod(shape))
    raw = path.read_bytes()
    if len(raw) < size:
        raise ValueError(f"{path.name} is too short")
    return np.frombuffer(raw[len(raw) - size :], dtype="<f4").reshape(shape).astype(np.float32)


def _ids(path: Path) -> dict[str, int]:
    """Rows of ``number, character``; a line that is no such pair is skipped, as the file holds odd white space."""
    pairs = (line.split("\t") for line in path.read_text("utf-8").split("\n"))
    return {pair[1].rstrip("\r"): int(pair[0]) for pair in pairs if len(pair) == 2}
