"""How long a tuning would take, before it starts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.llm.encoder_kinds import EncoderKind
from core.recommend.forecast import speed
from core.recommend.tuning.config import CPU_PAIRS, TuneConfig
from core.recommend.tuning.kept import EncoderCard

START_SECONDS = 10.0
_CHARS_PER_TOKEN, _READ_TOKENS = 4.0, 256
_REACH = 0.6
"""Share of the speed of a plain matrix product that an encoder reaches, measured on two cores."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to learn from: products, pairs, events that make them, validation cases, and the mean length
    of a product's text in characters."""

    products: int
    pairs: int
    events: int
    cases: int
    chars: float


def forecast(
    size: Size, config: TuneConfig, base: str, weights: int, past: Iterable[EncoderCard] = ()
) -> float | None:
    """Seconds a tuning takes at most on a CPU or at the speed of the latest of the same kind and base among ``past``;
    ``weights`` is how many the base model multiplies tokens with, its table of tokens left out, and 0 where that is
    not known: then None is given unless there is such a one. A step costs six operations a weight and token, reading
    two."""
    tokens = max(4.0, min(config.max_tokens, size.chars / _CHARS_PER_TOKEN))
    read = max(4.0, min(_READ_TOKENS, size.chars / _CHARS_PER_TOKEN))
    same = [card for card in past if (card.base, card.kind) == (base, config.kind) and card.texts_per_s > 0]
    latest = max(same, key=lambda card: card.created_at, default=None)
    if latest is None and not weights:
        return None
    rate = latest.texts_per_s if latest else _REACH * speed() / (6.0 * weights * tokens)
    reading = size.products * read / (3.0 * rate * tokens)
    if config.kind is EncoderKind.FROZEN:
        return START_SECONDS + 2 * reading
    batch = config.batch_size or CPU_PAIRS
    pretrained = (1.0 - config.held_out) * size.products * config.pretrain_epochs
    contrasted = 2.0 * min(size.pairs, config.most_pairs) * config.epochs
    steps = math.ceil(min(size.pairs, config.most_pairs) / batch)
    checks = 3 + config.epochs * min(config.checks, steps)
    return START_SECONDS + (pretrained + contrasted) / rate + checks * reading
