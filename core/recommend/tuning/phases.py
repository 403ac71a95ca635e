"""The two phases of a tuning: pre-training on the catalogue's texts, then the contrast of pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.llm.backbone import Backbone
from core.recommend.tuning.config import TuneConfig
from core.recommend.tuning.objectives import contrast, start_head, token_loss
from core.recommend.tuning.pairs import Pairs

Autocast = Callable[[], AbstractContextManager[Any]]
"""The context in which products of matrices are computed in the precision of the tuning."""
LEAST_HELD_OUT = 4
SAME_FACTS = 0.999
"""The cosine above which two products are taken to have the same facts."""
_READ_TOGETHER = 32


@dataclass(frozen=True)
class Material:
    """What is learned from: the text of each product, pairs of training events, and a vector of each product's facts,
    float32[products, size] with zero rows where there are none (None: no contrast with the graph)."""

    texts: Sequence[str]
    pairs: Pairs
    facts: NDArray[np.float32] | None = None


class Pretraining:
    """Tokens told from their neighbours, in batches of ``size`` texts; equal texts are learned from or held out
    together."""

    def __init__(
        self, backbone: Backbone, texts: Sequence[str], config: TuneConfig, size: int, autocast: Autocast
    ) -> None:
        self.backbone, self.config, self.size, self.autocast = backbone, config, size, autocast
        self.learned, self.held_out = _parted(texts, config)

    @property
    def steps_an_epoch(self) -> int:
        """Steps of a pass over the texts that are learned from."""
        return math.ceil(len(self.learned) / self.size)

    def start(self) -> None:
        """Let a head that comes without weights begin with how frequent tokens are."""
        start_head(self.backbone, self.learned, self.config.max_tokens)

    def loss(self, place: int) -> tuple[Tensor, int]:
        """The mean loss of a token in nats in the step of that number, from 0, and how many texts it has read."""
        config = self.config
        epoch, batch = divmod(place, self.steps_an_epoch)
        order = np.random.default_rng((config.seed, epoch, 1)).permutation(len(self.learned))
        texts = [self.learned[at] for at in order[batch * self.size : (batch + 1) * self.size]]
        drawn = np.random.default_rng((config.seed, place, 2))
        with self.autocast():
            loss, told = token_loss(self.backbone, texts, config.max_tokens, config.mask_share, drawn)
        return loss / max(told, 1), len(texts)

    def perplexity(self, check: Callable[[], None]) -> float:
        """exp of the mean cross-entropy of the held-out texts, with the same tokens masked each time."""
        self.backbone.root.eval()
        loss, told = 0.0, 0
        random = np.random.default_rng((self.config.seed, 4))
        with torch.inference_mode(), self.autocast():
            for first in range(0, len(self.held_out), _READ_TOGETHER):
                check()
                texts = self.held_out[first : first + _READ_TOGETHER]
                value, count = token_loss(
                    self.backbone, texts, self.config.max_tokens, self.config.mask_share, random
                )
                loss, told = loss + float(value), told + count
        return math.exp(min(loss / max(told, 1), 50.0))


class Contrast:
    """Products that a shopper took together pulled towards each other, ``size`` pairs a step, and the text of a product
    towards its facts, where they count."""

    def __init__(
        self, backbone: Backbone, material: Material, config: TuneConfig, size: int, autocast: Autocast
    ) -> None:
        self.backbone, self.material, self.config = backbone, material, config
        self.size, self.autocast = size, autocast
        self.join: torch.nn.Linear | None = None

    @property
    def steps_an_epoch(self) -> int:
        """Steps of a pass over the pairs."""
        return math.ceil(min(len(self.material.pairs), self.config.most_pairs) / self.size)

    def start(self) -> list[Tensor]:
        """Draw what brings facts to the size of texts, and give its weights."""
        facts = self.material.facts
        if not self.config.graph_weight or facts is None or not facts.shape[1]:
            return []
        self.join = torch.nn.Linear(facts.shape[1], self.backbone.width).to(self.backbone.device)
        return list(self.join.parameters())

    def loss(self, place: int) -> tuple[Tensor, int]:
        """The mean loss of a pair in nats in the step of that number, from 0, and how many texts it has read."""
        pairs, config = self.material.pairs, self.config
        epoch, batch = divmod(place, self.steps_an_epoch)
        chosen = pairs.drawn(config.most_pairs, (config.seed, epoch, 3))
        chosen = chosen[batch * self.size : (batch + 1) * self.size]
        left, right = pairs.left[chosen], pairs.right[chosen]
        # A product that is in several pairs is read once.
        products, place_of = np.unique(np.concatenate([left, right]), return_inverse=True)
        with self.autocast():
            tokens = self.backbone.tokens([self.material.texts[at] for at in products], config.max_tokens)
            vectors = self.backbone.vectors(tokens)
        alike = self._on_device(pairs.alike(left, right))
        rows = self._on_device(place_of)
        loss = contrast(vectors[rows[: len(left)]], vectors[rows[len(left) :]], alike, config.temperature)
        return loss + config.graph_weight * self._with_facts(vectors, products), len(products)

    def _with_facts(self, vectors: Tensor, products: NDArray[np.int64]) -> Tensor:
        """The contrast of texts with the facts of the same products; 0 where that is off."""
        if self.join is None or self.material.facts is None:
            return torch.zeros((), device=self.backbone.device)
        facts = self.material.facts[products]
        told = np.flatnonzero(facts.any(1))
        if len(told) < 2:
            return torch.zeros((), device=self.backbone.device)
        graph = functional.normalize(self.join(self._on_device(facts[told])), dim=1)
        same = self._on_device((facts[told] @ facts[told].T) > SAME_FACTS)
        return contrast(vectors[self._on_device(told)], graph, same, self.config.temperature)

    def _on_device(self, values: NDArray[Any]) -> Tensor:
        return torch.as_tensor(values, device=self.backbone.device)


def _parted(texts: Sequence[str], config: TuneConfig) -> tuple[list[str], list[str]]:
    """Texts to learn the language from, and those perplexity is measured on; equal texts are on one side."""
    own = sorted({text for text in texts if text.strip()})
    order = np.random.default_rng((config.seed, 0)).permutation(len(own))
    count = min(max(LEAST_HELD_OUT, round(config.held_out * len(own))), len(own) // 2)
    return [own[at] for at in order[count:]], [own[at] for at in order[:count]]
