"""What a task network has to beat: simple rules and linear models, learned from training rows alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.tasks.answer import log_loss
from core.recommend.tasks.config import Kind
from core.recommend.tasks.examples import Examples, Ints, Part, inner_parts
from core.recommend.tasks.record import Record
from core.recommend.text import Lexicon, product_text

Array = NDArray[np.float64]
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
"""Inverse regularisation of the linear models; the best on rows that were held out is taken."""


def baselines(examples: Examples, part: Part) -> dict[str, Array]:
    """What each baseline tells of ``part.test``, as ``Scale.told`` gives it, by its name.

    Classes: ``majority`` (shares of the training). Need and rating: ``mean`` of all, ``product_record``,
    ``shopper_record`` and both (``records``), as in ``record``. All: ``tfidf``, a linear model on the words of the
    product (logistic, or ridge regression for ratings).
    """
    if examples.kind is Kind.CLASS:
        return {"majority": _shares(examples, part), "tfidf": _linear(examples, part)}
    record = Record.of(examples, part.train)
    product, shopper = examples.product[part.test], examples.shopper[part.test]
    own = record.offsets(product, shopper) - record.mean - record.product[product]
    mean = np.full(len(part.test), record.mean)
    told = {
        "mean": mean,
        "product_record": mean + record.product[product],
        "shopper_record": mean + own,
        "records": record.offsets(product, shopper),
    }
    if examples.kind is Kind.NEED:
        told = {name: 0.5 * (1 + np.tanh(0.5 * values)) for name, values in told.items()}
    return {name: values[:, None] for name, values in told.items()} | {"tfidf": _linear(examples, part)}


def _shares(examples: Examples, part: Part) -> Array:
    counts = np.bincount(examples.target[part.train].astype(int), minlength=len(examples.classes)) + 1.0
    return np.repeat((counts / counts.sum())[None], len(part.test), 0)


def _linear(examples: Examples, part: Part) -> Array:
    from sklearn.linear_model import LogisticRegression, Ridge

    texts = [examples.hidden.hide(product_text(product)) for product in examples.products]
    learned = Lexicon.of([texts[at] for at in dict.fromkeys(examples.product[part.train].tolist())], 1)
    words = learned.sparse(texts)
    if examples.kind is Kind.RATING:
        ridges = [Ridge(1.0 / strength) for strength in STRENGTHS]
        return _best(ridges, words, examples, part, lambda model, x: model.predict(x)[:, None], _squared)
    models = [LogisticRegression(C=strength, max_iter=500) for strength in STRENGTHS]

    def told(model: Any, x: Any) -> Array:
        if examples.kind is Kind.NEED:
            return np.asarray(model.predict_proba(x)[:, 1:])
        made = np.full((x.shape[0], len(examples.classes)), 1e-9)
        made[:, model.classes_.astype(int)] = model.predict_proba(x)
        return made

    return _best(models, words, examples, part, told, log_loss)


def _best(
    models: Sequence[Any],
    words: Any,
    examples: Examples,
    part: Part,
    told: Callable[[Any, Any], Array],
    loss: Callable[[Array, Array], float],
) -> Array:
    def of(rows: Ints) -> Any:
        return words[examples.product[rows]]

    losses = np.zeros(len(models))
    for fit, hold in inner_parts(part, 0):
        for at, model in enumerate(models):
            model.fit(of(fit), examples.target[fit])
            losses[at] += len(hold) * loss(told(model, of(hold)), examples.target[hold])
    best = models[int(np.argmin(losses))].fit(of(part.train), examples.target[part.train])
    return told(best, of(part.test))


def _squared(told: Array, target: Array) -> float:
    return float(((told[:, 0] - target) ** 2).mean())
