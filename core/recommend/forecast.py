"""How long a run will take and how much memory, before it starts: arithmetic over the sizes, speed measured here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.recommend.config import GraphKind, RankLoss, TextKind, TrainConfig, ranking

BASE_MB = 600.0
"""What Python, torch and the tables take before any training."""
TEXTS_A_SECOND = 25.0
"""Sentence vectors of product texts on one core, measured."""
STEPS_REACH = 0.35
"""Share of the speed of a plain matrix product that steps of training reach, with all that is around them."""
_LOOK_SECONDS = 0.25
"""For so long the machine is measured: whoever asks has just opened a page, and their browser is drawing it."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Expected wall-clock seconds if all epochs are run, and peak resident memory."""

    seconds: float
    memory_mb: float


def forecast(config: TrainConfig, *, products: int, shoppers: int, events: int, groups: int) -> Forecast:
    """From the sizes of the data and the operations of a step: forward and backward are six per weight used.

    With a certificate the network is trained three times.
    """
    per_text = config.text_dim * {TextKind.NONE: 0, TextKind.BOTH: 2}.get(config.text, 1)
    graph = groups * config.graph_dim if config.graph is not GraphKind.NONE else 0
    size = config.id_dim + per_text + graph + 8
    length = min(config.history_length, max(2.0, events / max(shoppers, 1)))
    reader = config.layers * (12 * config.width**2 + 2 * length * config.width) + 2 * size * config.width
    ranked = products
    if ranking(config, products) is RankLoss.SAMPLED_SOFTMAX:
        ranked = min(products, config.negatives)
    epoch = 6.0 * events * (ranked * size + reader + size * length)
    again = {"none": 0, "fgsm": 2, "pgd": config.adversarial_steps + 2}[config.adversarial]
    judged = 2.0 * min(shoppers, 2_000) * products * (size + 40)
    times = 3 if config.certificate and config.graph is GraphKind.REAL else 1
    training = (
        config.epochs * ((1 + again) * epoch + judged) / (STEPS_REACH * speed())
        + config.epochs * events * 2e-5
    )
    # Each point of the baselines' grids ranks the catalogue for a thousand shoppers at most.
    tuning = 80 * (2e-4 * min(shoppers, 1_000) + 4e-8 * min(shoppers, 1_000) * products)
    sentences = products / TEXTS_A_SECOND if config.text in (TextKind.BOTH, TextKind.SENTENCE) else 0.0
    rows = config.batch_size * length
    memory = BASE_MB + 4 * (6 * rows * ranked + 20 * products * size + 3 * products * 200) / 2**20
    return Forecast(4.0 + times * training + tuning + sentences, memory)


@lru_cache(maxsize=1)
def speed() -> float:
    """Floating-point operations a second of this process in a matrix product of the size training uses."""
    random = np.random.default_rng(0)
    left, right = random.random((512, 256), np.float32), random.random((256, 2_048), np.float32)
    best, began = float("inf"), time.perf_counter()
    while (started := time.perf_counter()) - began < _LOOK_SECONDS:
        np.dot(left, right)
        best = min(best, time.perf_counter() - started)
    return 2.0 * 512 * 256 * 2_048 / best
