"""Three small task models of the shop in ``recommend_world``, each trained once."""

from __future__ import annotations

from functools import cache

import numpy as np

from core.recommend.tasks.classes import class_examples
from core.recommend.tasks.config import Kind, TaskConfig, task_config
from core.recommend.tasks.examples import Examples, Part
from core.recommend.tasks.experiment import Outcome, run_task
from core.recommend.tasks.pairs import Stars, Step, need_examples, rating_examples
from core.recommend.tasks.predictor import Predictor
from tests.recommend_world import START, facts, products, rows, use_of

FORMS = {f"use:{use_of(n)}": (use_of(n), use_of(n).upper()) for n in range(4)}


def small_task(kind: Kind, **values: object) -> TaskConfig:
    """Seconds, not minutes."""
    return task_config(
        {
            "kind": kind.value,
            "text": "lexical",
            "hidden": 6,
            "epochs": 2,
            "folds": 2,
            "batch_size": 128,
            "negatives": "random",
            "ratio": 1,
            "target": "usedFor",
            **values,
        }
    )


@cache
def steps() -> tuple[Step, ...]:
    return tuple(Step(s, p, START + 40.0 * t, True) for s, p, t in rows())


@cache
def stars() -> tuple[Stars, ...]:
    """Products of the first use get more."""
    random = np.random.default_rng(3)

    def value(product: str) -> float:
        plain = 3 + 1.5 * (int(product[1:]) % 4 == 0) + random.normal() / 2
        return float(np.clip(round(plain), 1, 5))

    return tuple(Stars(s, p, START + 40.0 * t, value(p)) for s, p, t in rows()[:200])


@cache
def examples_of(kind: Kind) -> tuple[Examples, list[Part]]:
    config = small_task(kind)
    if kind is Kind.CLASS:
        return class_examples(products(), facts(), FORMS, config)
    if kind is Kind.RATING:
        return rating_examples(products(), facts(), stars(), steps(), config)
    return need_examples(products(), facts(), steps(), config)


@cache
def outcome_of(kind: Kind) -> Outcome:
    return run_task(*examples_of(kind), small_task(kind), None)


@cache
def model_of(kind: Kind) -> Predictor:
    examples, served = examples_of(kind)[0], outcome_of(kind).served
    rows = served.encoding.rows(examples.products, examples.facts, None)
    return Predictor(
        kind, examples.classes, examples.shoppers, served, examples.products, rows, examples.facts
    )
