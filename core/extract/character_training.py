"""Trains what ``character_reader`` reads with: ``lac`` tuned to the labels under a linear chain, and the CRF.

Import it only where something is trained: it needs PyTorch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.extract import character_crf, lac
from core.extract.chain import OUTSIDE, labels_of, rules
from core.extract.character_network import CharacterNetwork, weights_of
from core.extract.character_reader import CharacterReader
from core.extract.characters import Rows, features_of
from core.extract.chinese_words import Counts
from core.extract.ground import Span
from core.extract.lac_network import Reader, padded

_FEATURE_WIDTH = 96
_HIDDEN = 160
_NEVER = -1e4


@dataclass(frozen=True, slots=True)
class Lesson:
    """A labelled text; ``category`` is folded, ``known`` are column values by relation."""

    text: str
    spans: tuple[Span, ...]
    category: str
    known: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """``rate`` and ``lac_rate`` are the highest learning rates of what is new and of what was taught before;
    ``epochs`` passes over the texts, and more of a few texts until ``least_steps`` are done; a feature seen fewer
    than ``min_count`` times is left out."""

    epochs: int = 10
    least_steps: int = 200
    batch: int = 32
    rate: float = 2e-3
    lac_rate: float = 1e-3
    decay: float = 1e-2
    dropout: float = 0.4
    min_count: int = 3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Told:
    text: str
    rows: Rows
    labels: list[str]


@dataclass(frozen=True, slots=True)
class _Encoded:
    rows: list[int]
    features: list[list[int]]
    labels: list[int]


def train(lessons: Sequence[Lesson], config: NetworkConfig | None = None) -> CharacterReader:
    """Learn from texts, at least one of which has a span; the same lessons in the same order give the same reader."""
    counts = Counts([(lesson.text, lesson.spans) for lesson in lessons])
    told = [
        features_of(
            lesson.text,
            counts.lore_without(lesson.text, lesson.spans),
            lesson.category,
            dict(lesson.known),
        )
        for lesson in lessons
    ]
    texts = [
        _Told(lesson.text, rows, _labels(lesson))
        for lesson, rows in zip(lessons, told, strict=True)
        if lesson.text
    ]
    network = _network(texts, config or NetworkConfig())
    crf = character_crf.train((text.text, text.rows, text.labels) for text in texts)
    return CharacterReader(counts.lore(), network, crf)


def _labels(lesson: Lesson) -> list[str]:
    spans = [(span.start, span.end - 1, span.relation) for span in lesson.spans]
    return labels_of(len(lesson.text), spans)


def _network(texts: Sequence[_Told], config: NetworkConfig) -> CharacterNetwork:
    seen = Counter(name for text in texts for row in text.rows for name in row)
    often = sorted(name for name, count in seen.items() if count >= config.min_count)
    names = {name: at for at, name in enumerate(often)}
    relations = sorted({label[2:] for text in texts for label in text.labels if label != OUTSIDE})
    labels = (OUTSIDE, *(f"{place}-{relation}" for relation in relations for place in "BMES"))
    encoded = [_encode(text, names, labels) for text in texts]
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        network = _Network(len(names), labels, config.dropout)
        _fit(network, encoded, config)
    return CharacterNetwork(labels, names, network.trained())


class _Network(nn.Module):
    def __init__(self, features: int, labels: Sequence[str], dropout: float) -> None:
        super().__init__()
        self.reader = Reader(dropout / 2)
        # The last row is that of no feature.
        self.features = nn.EmbeddingBag(features + 1, _FEATURE_WIDTH, mode="sum", padding_idx=features)
        nn.init.normal_(self.features.weight, std=0.05)
        nn.init.zeros_(self.features.weight[-1])
        self.window = nn.Linear(3 * (2 * lac.WIDTH + _FEATURE_WIDTH), _HIDDEN)
        self.out = nn.Linear(_HIDDEN, len(labels))
        self.transitions = nn.Parameter(torch.zeros(len(labels), len(labels)))
        self.dropout = nn.Dropout(dropout)
        for name, allowed in zip(("_start", "_end", "_follows"), rules(labels), strict=True):
            self.register_buffer(
                name, torch.from_numpy(np.where(allowed, 0.0, _NEVER)).float(), persistent=False
            )

    def scores(self, rows: Tensor, mask: Tensor, features: Tensor) -> Tensor:
        texts, length, width = features.shape
        told = torch.tanh(self.features(features.view(texts * length, width))).view(texts, length, -1)
        states = torch.cat([self.reader(rows, mask), told], dim=-1)
        states = self.dropout(states) * mask.unsqueeze(-1)
        beside = nn.functional.pad(states, (0, 0, 1, 1))
        windows = torch.cat([beside[:, :-2], states, beside[:, 2:]], dim=-1)
        scores: Tensor = self.out(self.dropout(torch.relu(self.window(windows))))
        return scores

    def loss(self, scores: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """The mean over texts of -log P(labels); the forward algorithm over allowed sequences."""
        moves = self.transitions + self.get_buffer("_follows")
        reached = self.get_buffer("_start") + scores[:, 0]
        for at in range(1, scores.shape[1]):
            further = torch.logsumexp(reached.unsqueeze(2) + moves, dim=1) + scores[:, at]
            reached = torch.where(mask[:, at : at + 1] > 0, further, reached)
        total = torch.logsumexp(reached + self.get_buffer("_end"), dim=1)
        own = (scores.gather(2, labels.unsqueeze(2)).squeeze(2) * mask).sum(dim=1)
        own = own + (self.transitions[labels[:, :-1], labels[:, 1:]] * mask[:, 1:]).sum(dim=1)
        return (total - own).mean()

    def trained(self) -> dict[str, np.ndarray]:
        made = {
            "features": self.features.weight[:-1],
            "window": self.window.weight.T,
            "window_bias": self.window.bias,
            "out": self.out.weight.T,
            "out_bias": self.out.bias,
            "transitions": self.transitions,
        }
        arrays = {name: weights.detach().numpy().copy(order="C") for name, weights in made.items()}
        return arrays | weights_of(self.reader.trained())


def _fit(network: _Network, texts: Sequence[_Encoded], config: NetworkConfig) -> None:
    size = max(4, min(config.batch, len(texts) // 8))
    batches = -(-len(texts) // size)
    epochs = max(config.epochs, -(-config.least_steps // batches))
    taught = list(network.reader.parameters())
    new = [weights for name, weights in network.named_parameters() if not name.startswith("reader.")]
    optimizer = torch.optim.AdamW(
        [
            {"params": taught, "lr": config.lac_rate, "weight_decay": 0.0},
            {"params": new, "lr": config.rate, "weight_decay": config.decay},
        ]
    )
    steps = epochs * batches
    warm = min(batches, steps // 10 + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / warm) * max(0.02, 1.0 - step / steps)
    )
    chance = np.random.default_rng(config.seed)
    network.train()
    for _ in range(epochs):
        for group in _batches(texts, size, chance):
            rows, mask = padded([text.rows for text in group])
            scores = network.scores(rows, mask, _features(group, network.features.num_embeddings - 1))
            loss = network.loss(scores, padded([text.labels for text in group])[0], mask)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()


def _batches(texts: Sequence[_Encoded], size: int, chance: np.random.Generator) -> Iterator[list[_Encoded]]:
    """Random batches of texts of about one length."""
    order = [texts[at] for at in chance.permutation(len(texts))]
    groups = []
    for first in range(0, len(order), 8 * size):
        near = sorted(order[first : first + 8 * size], key=lambda text: len(text.rows))
        groups += [near[at : at + size] for at in range(0, len(near), size)]
    for at in chance.permutation(len(groups)):
        yield groups[at]


def _features(group: Sequence[_Encoded], nothing: int) -> Tensor:
    length = max(len(text.rows) for text in group)
    width = max(len(row) for text in group for row in text.features)
    made = np.full((len(group), length, width), nothing, np.int64)
    for table, text in zip(made, group, strict=True):
        for row, features in zip(table, text.features, strict=False):
            row[: len(features)] = features
    return torch.from_numpy(made)


def _encode(text: _Told, names: dict[str, int], labels: Sequence[str]) -> _Encoded:
    numbers = {label: at for at, label in enumerate(labels)}
    return _Encoded(
        lac.pretrained().rows(text.text),
        [[names[name] for name in row if name in names] for row in text.rows],
        [numbers[label] for label in text.labels],
    )
