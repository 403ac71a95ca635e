"""What a trial is: a training judged on validation, over baselines that were tuned once for all trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact, Product
from core.errors import RunError
from core.recommend.baselines import GRID, NEEDS_TEXT
from core.recommend.config import TrainConfig, config_of
from core.recommend.data import Split
from core.recommend.prepare import Prepared, prepare
from core.recommend.search.baselines import tune_baseline, tune_on_grid
from core.recommend.search.plan import Tuned
from core.recommend.search.space import Value
from core.recommend.search.study import Report
from core.recommend.text import Encoder
from core.recommend.train import VALID_CASES, Epoch, Trainer

KEPT = 3
"""Preparations that are kept: trials that differ in training alone share one."""
_TRAINING = frozenset({"id_dim", "graph_dim", "id_dropout"})
"""Fields of the product's section that change the network, and not what it is fed with."""


class Bench:
    """Data, facts and encoder of a search. ``split`` is blind: there is no test in it to look at."""

    def __init__(
        self,
        split: Split,
        products: Sequence[Product],
        facts: Mapping[str, Sequence[Fact]],
        config: TrainConfig,
        encoder: Encoder | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.split = split.blind()
        self.products = products
        self.facts = facts
        self.config = config
        self.check = check
        self.encoder = _Remembering(encoder) if encoder else None
        self.tuning: dict[str, tuple[dict[str, float], float]] | None = None
        self._prepared: dict[tuple[Any, ...], Prepared] = {}

    def tune(
        self, trials: int | None, known: Mapping[str, Tuned], on_tuned: Callable[[str, Tuned], None]
    ) -> dict[str, Tuned]:
        """Tune each baseline on its grid, and with so many trials more (None: none); those in ``known`` are done."""
        text = self._first().similarity
        train, cases = self.split.train, self.split.valid.some(VALID_CASES, self.config.seed)
        found = dict(known)
        for name in GRID:
            if name in found or (name in NEEDS_TEXT and text is None):
                continue
            found[name] = (
                tune_baseline(name, train, cases, text, trials, seed=self.config.seed, check=self.check)
                if trials
                else tune_on_grid(name, train, self.split.valid, text, check=self.check)
            )
            on_tuned(name, found[name])
        self.tuning = {name: (one.params, one.valid) for name, one in found.items()}
        return found

    def trial(self, params: Mapping[str, Value], report: Report) -> None:
        """Train with these settings; ConfigError where they do not go together."""
        config = config_of(self.config.model_dump(mode="json") | dict(params))

        def told(epoch: Epoch) -> None:
            report(epoch.epoch, epoch.valid)

        try:
            Trainer(self._ready(config), config).run(self.check, told)
        except (ArithmeticError, ValueError, RuntimeError) as error:
            raise RunError(
                f"The training broke off ({type(error).__name__}: {str(error)[:200]}).",
                where="trial",
                remedy="Narrow the ranges of the search.",
            ) from error

    def _ready(self, config: TrainConfig) -> Prepared:
        values = config.model_dump(mode="json")
        sections = {name: field.json_schema_extra for name, field in TrainConfig.model_fields.items()}
        key = tuple(
            value
            for name, value in values.items()
            if _section(sections[name]) not in ("shopper", "training") and name not in _TRAINING
        )
        if key not in self._prepared:
            while len(self._prepared) >= KEPT:
                self._prepared.pop(next(iter(self._prepared)))
            self._prepared[key] = prepare(
                self.split,
                self.products,
                self.facts,
                config,
                self.encoder,
                tuning=self.tuning,
                check=self.check,
            )
        return self._prepared[key]

    def _first(self) -> Prepared:
        """Features and text likeness, before anything is tuned: with the cheapest baseline alone."""
        return prepare(
            self.split,
            self.products,
            self.facts,
            self.config,
            self.encoder,
            baselines=("popularity",),
            check=self.check,
        )


class _Remembering:
    """An encoder that encodes a text once: the catalogue is the same in all trials."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def _section(extra: Any) -> str:
    return str(extra.get("section", "")) if isinstance(extra, Mapping) else ""
