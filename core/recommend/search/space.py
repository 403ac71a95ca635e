"""The search space, derived from the typed configuration: each field's kind and limits, narrowed to where it is worth
looking."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import ConfigError
from core.form import Entry, entries
from core.recommend.config import TrainConfig

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Value = str | int | float | bool

NOT_SEARCHED = frozenset(
    {
        "certificate",
        "epochs",
        "patience",
        "find_batch",
        "graph",
        "reviews_in_graph",
        "behaviour_in_graph",
    }
)
"""What is a budget, a control or a leak, and not a setting that validation may choose."""
SECTIONS = ("data", "machine", "adversarial", "debiasing")
"""Sections that are not searched at all: they change the question, not the answer."""
USUAL = ("learning_rate", "weight_decay", "dropout", "id_dropout", "graph_weight", "id_dim")
"""What is searched unless somebody says otherwise."""
LOG_FROM = 50.0
"""A range whose ends are so many times apart is searched by powers."""

_RANGES: Mapping[str, tuple[float, float]] = {
    "learning_rate": (1e-4, 1e-2),
    "weight_decay": (1e-3, 0.3),
    "dropout": (0.0, 0.6),
    "id_dropout": (0.0, 0.6),
    "graph_weight": (0.01, 1.0),
    "contrastive_weight": (0.0, 1.0),
    "warmup_share": (0.0, 0.3),
    "clip": (0.1, 10.0),
    "id_dim": (8, 128),
    "text_dim": (16, 192),
    "graph_dim": (8, 128),
    "width": (16, 192),
    "layers": (0, 3),
    "history_length": (5, 100),
    "residual_folds": (2, 6),
}
_STEPS: Mapping[str, int] = {"id_dim": 8, "text_dim": 16, "graph_dim": 8, "width": 16, "history_length": 5}
_OPTIONS: Mapping[str, tuple[int, ...]] = {
    "heads": (1, 2, 4, 8),
    "batch_size": (16, 32, 64, 128, 256),
    "negatives": (64, 256, 1_024, 4_096),
    "horizon": (0, 1, 4, 16),
}
"""Numbers of which only some go together with others, or are worth trying."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A field that is searched: ``options`` of a choice, or a range with both ends in it; ``step`` of whole numbers,
    ``log`` for a search by powers."""

    name: str
    section: str
    kind: str
    options: tuple[Value, ...] = ()
    least: float = 0.0
    most: float = 0.0
    step: int = 1
    log: bool = False

    def distribution(self) -> BaseDistribution:
        """As Optuna has it."""
        from optuna.distributions import (
            CategoricalDistribution,
            FloatDistribution,
            IntDistribution,
        )

        if self.kind == "choice":
            return CategoricalDistribution(list(self.options))
        if self.kind == "whole":
            return IntDistribution(int(self.least), int(self.most), step=self.step)
        return FloatDistribution(self.least, self.most, log=self.log)

    def holds(self, value: Value) -> bool:
        """Whether the dimension has that value."""
        if self.kind == "choice":
            return value in self.options
        if isinstance(value, str) or not self.least <= float(value) <= self.most:
            return False
        return self.kind == "real" or (int(value) - int(self.least)) % self.step == 0

    def plain(self) -> list[Value]:
        """Its options, or its two ends."""
        return list(self.options) if self.kind == "choice" else [self.least, self.most]


def searchable() -> tuple[Dimension, ...]:
    """All fields that may be searched, in the order of the form, each with its usual range."""
    return tuple(
        made
        for entry in entries(TrainConfig)
        if entry.section not in SECTIONS
        and entry.name not in NOT_SEARCHED
        and (made := _dimension(entry)) is not None
    )


def space(asked: Mapping[str, Sequence[Value]]) -> tuple[Dimension, ...]:
    """The dimensions of these fields; the value is the options or the two ends of the range, empty for the usual ones.

    Raises ConfigError for a field that is not searched, or a range that is empty or beyond the field's own limits.
    """
    known = {dimension.name: dimension for dimension in searchable()}
    if not asked:
        raise ConfigError("Nothing is searched.", where="fields", remedy="Choose a setting at least.")
    for name in asked:
        if name not in known:
            raise ConfigError(
                "This setting is not searched.", where=name, remedy=f"Choose from: {', '.join(known)}."
            )
    return tuple(_narrowed(known[name], list(asked[name])) for name in known if name in asked)


def _dimension(entry: Entry) -> Dimension | None:
    if entry.kind == "choice":
        return Dimension(entry.name, entry.section, "choice", entry.options)
    if entry.kind == "switch":
        return Dimension(entry.name, entry.section, "choice", (False, True))
    if entry.name in _OPTIONS:
        return Dimension(entry.name, entry.section, "choice", _OPTIONS[entry.name])
    if entry.name not in _RANGES and (entry.least is None or entry.most is None):
        return None
    least, most = _RANGES.get(entry.name, (entry.least or 0.0, entry.most or 0.0))
    step = _STEPS.get(entry.name, 1)
    return Dimension(
        entry.name, entry.section, entry.kind, (), least, most, step, _by_powers(entry.kind, least, most)
    )


def _by_powers(kind: str, least: float, most: float) -> bool:
    return kind == "real" and least > 0 and most / least >= LOG_FROM


def _narrowed(usual: Dimension, asked: list[Value]) -> Dimension:
    if not asked:
        return usual
    if usual.kind == "choice":
        wanted = tuple(option for option in usual.options if str(option) in {str(one) for one in asked})
        if len(wanted) != len(set(map(str, asked))) or len(wanted) < 2:
            raise ConfigError(
                "Give two options at least, of those there are.",
                where=usual.name,
                remedy=f"Choose from: {', '.join(map(str, usual.options))}.",
            )
        return Dimension(usual.name, usual.section, "choice", wanted)
    try:
        least, most = (float(end) for end in asked)
    except ValueError:
        raise ConfigError(
            "A range has two numbers.", where=usual.name, remedy="Give the smallest and the largest value."
        ) from None
    limits = next(entry for entry in entries(TrainConfig) if entry.name == usual.name)
    low = -math.inf if limits.least is None else limits.least
    high = math.inf if limits.most is None else limits.most
    if not low <= least < most <= high:
        raise ConfigError(
            f"The range {least:g} to {most:g} is empty or beyond what the setting may be.",
            where=usual.name,
            remedy=f"Stay within {low:g} and {high:g}.",
        )
    # A step counts from the lower end, so that end has to be on the steps of the field.
    step = usual.step if usual.kind == "whole" and least % usual.step == 0 else 1
    if usual.name == "graph_dim" and step % 2:
        step = 2
    log = _by_powers(usual.kind, least, most)
    return Dimension(usual.name, usual.section, usual.kind, (), least, most, step, log)
