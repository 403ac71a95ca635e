"""Link prediction: new facts with a calibrated probability and the products that support them.

The probability is that of the question it was calibrated on: of candidates like this one, which share was a fact that
had been hidden? As every fact that nobody has read counts as false there, it is rather too low than too high.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact
from core.graph.embedding.calibration import Platt, Reliability, reliability
from core.graph.embedding.candidates import Candidates, Neighbourhood, candidates
from core.graph.embedding.config import EmbeddingConfig
from core.graph.embedding.measure import LinkMeasures, by_frequency, measure, ranks, summary
from core.graph.embedding.train import OnLook, train
from core.graph.embedding.triples import Ints, Parts, Triples, divided

CALIBRATED_ON = 2_000
"""Most products that the probability is calibrated and checked on."""
BLOCK = 1_000
"""Products that are asked about at once: what bounds the memory."""
_FUNCTIONAL = 0.95


@dataclass(frozen=True, slots=True)
class Prediction:
    """A fact that is not in the graph: node ids, a probability in (0, 1), and the product nodes nearest to the subject
    that have the fact, the nearest first."""

    subject: str
    relation: str
    object: str
    probability: float
    support: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions, the likeliest first, with what they are worth: ranks of held-out facts by the embedding and by mere
    frequency, and how far the probabilities can be believed."""

    predictions: tuple[Prediction, ...]
    measured: LinkMeasures
    frequency: LinkMeasures
    reliability: Reliability


def predict(
    facts: Iterable[Fact],
    config: EmbeddingConfig,
    *,
    most: int = 100,
    least_probability: float = 0.0,
    single_valued: Collection[str] = (),
    leave_out: Collection[str] = (),
    wanted: Callable[[str, str, str], bool] = lambda subject, relation, node: True,
    on_look: OnLook = lambda step, of, mrr: None,
) -> Predicted:
    """Train, calibrate on held-out facts, check on others, and predict.

    A product gets no second value of a relation in ``single_valued``, nor of one of which hardly any product has two.
    ``wanted(subject, relation, node)`` says whether a fact may be predicted. Raises GraphError for too few facts.
    """
    whole = Triples.of(facts)
    single = {*single_valued, *functional(whole)}
    parts = divided(whole, seed=config.seed)
    embedding = train(parts.train, config, parts.valid, on_look)
    around = Neighbourhood(embedding, parts.train, np.empty(0, np.int64))

    def asked(known: Triples, heads: Ints) -> Candidates:
        part = Neighbourhood(embedding, parts.train, heads)
        return candidates(part, known, single_valued=single, leave_out=leave_out)

    some = _some(around.products, config.seed)
    fitted_on = asked(_without(parts, parts.valid), some)
    platt = Platt.fit(fitted_on.features, _among(fitted_on, parts.valid))
    checked_on = asked(_without(parts, parts.test), some)
    believed = reliability(platt.probability(checked_on.features), _among(checked_on, parts.test))
    likely: list[tuple[float, tuple[int, int, int]]] = []
    for start in range(0, len(around.products), BLOCK):
        found = asked(whole, around.products[start : start + BLOCK])
        probability = platt.probability(found.features)
        for place in np.argsort(-probability, kind="stable").tolist():
            if len(likely) >= most and probability[place] <= likely[most - 1][0]:
                break
            if probability[place] < least_probability:
                break
            head, relation, tail = found.rows[place].tolist()
            if wanted(whole.entities[head], whole.relations[relation], whole.entities[tail]):
                likely.append((float(probability[place]), (head, relation, tail)))
        likely = sorted(likely, key=lambda one: (-one[0], one[1]))[:most]
    made = [
        Prediction(
            whole.entities[head],
            whole.relations[relation],
            whole.entities[tail],
            probability,
            tuple(whole.entities[k] for k in around.supporting(head, relation, tail)),
        )
        for probability, (head, relation, tail) in likely
    ]
    return Predicted(
        tuple(made),
        measure(embedding, parts.test, whole),
        summary(ranks(by_frequency(parts.train), parts.test, whole)),
        believed,
    )


def functional(triples: Triples) -> set[str]:
    """The relations of which at least 95% of the products that have a value have one alone."""
    found = set()
    for relation, name in enumerate(triples.relations):
        _, counts = np.unique(triples.rows[triples.rows[:, 1] == relation, 0], return_counts=True)
        if len(counts) and (counts == 1).mean() >= _FUNCTIONAL:
            found.add(name)
    return found


def _some(products: Ints, seed: int) -> Ints:
    if len(products) <= CALIBRATED_ON:
        return products
    return np.sort(np.random.default_rng(seed).choice(products, CALIBRATED_ON, replace=False))


def _without(parts: Parts, hidden: Triples) -> Triples:
    """All facts but the hidden ones: what is known while they are looked for."""
    rows = parts.all.rows
    there = hidden.has(rows[:, 0], rows[:, 1], rows[:, 2])
    return parts.all.take(np.flatnonzero(~there))


def _among(found: Candidates, hidden: Triples) -> NDArray[np.bool_]:
    return hidden.has(found.rows[:, 0], found.rows[:, 1], found.rows[:, 2])
