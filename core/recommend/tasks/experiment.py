"""A task from examples to a model that is measured: folds or a cut in time, baselines, a control without the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.tasks.answer import fitted
from core.recommend.tasks.baselines import baselines
from core.recommend.tasks.config import Kind, TaskConfig
from core.recommend.tasks.encoding import Encoding, Remembered
from core.recommend.tasks.examples import Examples, Ints, Part, history_matrix
from core.recommend.tasks.figures import LOWER_IS_BETTER, MAIN, gain, measured, reliability, surprise
from core.recommend.tasks.fitted import Epoch, Fitted
from core.recommend.tasks.network import Weights, forward
from core.recommend.tasks.record import Record
from core.recommend.tasks.train import Trained, World, drawn_needs, train
from core.recommend.text import Encoder

Array = NDArray[np.float64]
MODEL, NO_GRAPH, NEED_ONLY = "network", "no_graph", "needs_only"
WORST = 40
OnEpoch = Callable[[str, Epoch], None]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The network that serves, the figures of all models (plain JSON) and the curves by part."""

    served: Fitted
    metrics: dict[str, Any]
    curves: list[dict[str, Any]]


def run_task(
    examples: Examples,
    parts: Sequence[Part],
    config: TaskConfig,
    encoder: Encoder | None,
    check: Callable[[], None] = lambda: None,
    on_epoch: OnEpoch = lambda part, epoch: None,
) -> Outcome:
    """Train and measure on each part; the network of the last part serves.

    Every figure is of rows that neither the network nor a baseline was trained or stopped on; those of several folds
    are pooled.
    """
    once = Remembered(encoder) if encoder else None
    told: dict[str, list[Array]] = {}
    rows: list[Ints] = []
    curves: list[dict[str, Any]] = []
    fitted_one: Fitted | None = None
    for number, part in enumerate(parts):
        check()
        name = str(number + 1) if len(part.test) else "served"

        def tell(epoch: Epoch, name: str = name) -> None:
            on_epoch(name, epoch)

        fitted_one, bare = gated(examples, part, config, once, check, tell)
        curves += [{"part": name, **asdict(epoch)} for epoch in fitted_one.curve]
        if not len(part.test):
            continue
        rows.append(part.test)
        for model, values in _tests(examples, part, config, once, fitted_one, bare).items():
            told.setdefault(model, []).append(values)
    assert fitted_one is not None
    tested = np.concatenate(rows)
    pooled = {name: np.concatenate(values) for name, values in told.items()}
    return Outcome(fitted_one, _metrics(examples, parts, config, fitted_one, tested, pooled), curves)


def gated(
    examples: Examples,
    part: Part,
    config: TaskConfig,
    encoder: Encoder | None,
    check: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> tuple[Fitted, Fitted | None]:
    """The network with the graph or without it, whichever tells more of rows that were held out, and the one
    without; None for the latter where there is no graph."""
    own = fit(examples, part, config, encoder, check, on_epoch)
    if not len(own.encoding.vocabulary.table):
        return own, None
    check()
    config = config.model_copy(update={"facts": False})
    bare = fit(replace(examples, facts={}), part, config, encoder, check)
    return (own if own.held_out <= bare.held_out else bare), bare


def fit(
    examples: Examples,
    part: Part,
    config: TaskConfig,
    encoder: Encoder | None,
    check: Callable[[], None] = lambda: None,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
) -> Fitted:
    """Learn encoding and network from the training rows, and the scale of the answers from the validation rows."""
    known = sorted(set(examples.product[part.train].tolist()))
    encoding = Encoding.of(
        [examples.products[at] for at in known], examples.facts, examples.hidden, config, encoder
    )
    world = world_of(examples, encoding, encoder)
    trained: Trained = train(examples, part, world, config, check, on_epoch)
    outputs = outputs_of(examples, part.valid, world, trained.weights, trained.record)
    scale = fitted(examples.kind, outputs, examples.target[part.valid], examples.target[part.train])
    return Fitted(
        encoding, trained.weights, trained.record, scale, trained.curve, trained.best, trained.held_out
    )


def world_of(examples: Examples, encoding: Encoding, encoder: Encoder | None) -> World:
    """The whole catalogue as that encoding reads it, and what each example's shopper had taken."""
    return World(
        encoding.rows(examples.products, examples.facts, encoder),
        tuple(encoding.slices.values()),
        history_matrix(examples.histories, len(examples.products)),
        encoding.need_matrix(examples.products, examples.facts),
        encoding.need_rows,
    )


def outputs_of(
    examples: Examples,
    rows: Ints,
    world: World,
    weights: Weights,
    record: Record,
    *,
    needs_only: bool = False,
    seed: int = 0,
) -> Array:
    """float64[rows, outputs] for shoppers known by their history; with ``needs_only`` by one to three needs that it
    holds, as somebody would name them."""
    item = world.rows[examples.product[rows]].astype(np.float64)
    taken = np.zeros(item.shape)
    needed = np.zeros(item.shape)
    if needs_only:
        random = np.random.default_rng(seed)
        profiles = np.asarray((world.histories[rows] @ world.needs).todense())
        needed = np.array(
            [drawn_needs(profile, random) @ world.need_rows for profile in profiles], np.float64
        )
    elif examples.kind is not Kind.CLASS:
        taken = np.asarray(world.histories[rows] @ world.rows, np.float64)
    shopper = np.full(len(rows), -1) if needs_only else examples.shopper[rows]
    offset = record.offsets(examples.product[rows], shopper)
    likeness = (item * (taken * weights.alike + needed * weights.alike_need)).sum(1)
    taste = taken @ weights.taste + needed @ weights.need
    return np.asarray(forward(weights, item @ weights.item, taste, offset + likeness))


def _tests(
    examples: Examples,
    part: Part,
    config: TaskConfig,
    encoder: Encoder | None,
    own: Fitted,
    bare: Fitted | None,
) -> dict[str, Array]:
    """What each model tells of the part's test rows."""
    kind, test = examples.kind, part.test

    def tell(one: Fitted, *, needs_only: bool = False) -> Array:
        world = world_of(examples, one.encoding, encoder)
        outputs = outputs_of(
            examples, test, world, one.weights, one.record, needs_only=needs_only, seed=config.seed
        )
        return one.scale.told(kind, outputs)

    told = {MODEL: tell(own)}
    if kind is Kind.NEED and own.encoding.needs:
        told[NEED_ONLY] = tell(own, needs_only=True)
    if bare is not None:
        told[NO_GRAPH] = tell(bare)
    return told | baselines(examples, part)


def _metrics(
    examples: Examples,
    parts: Sequence[Part],
    config: TaskConfig,
    served: Fitted,
    rows: Ints,
    told: dict[str, Array],
) -> dict[str, Any]:
    kind, target, units = examples.kind, examples.target[rows], examples.units[rows]
    models = measured(kind, told, target, units, config.seed)
    rivals = [name for name in models if name not in (MODEL, NO_GRAPH, NEED_ONLY)]
    main = MAIN[kind]
    best = min(rivals, key=lambda name: models[name][main].value)
    own = told[MODEL]
    worst = np.argsort(-surprise(kind, own, target), kind="stable")[:WORST]
    made: dict[str, Any] = {
        "main": main,
        "lower_is_better": sorted(LOWER_IS_BETTER),
        "models": {n: {f: b.plain() for f, b in row.items()} for n, row in models.items()},
        "best_baseline": best,
        "gain": gain(kind, own, told[best], target, units, config.seed).plain(),
        "graph_gain": gain(kind, own, told[NO_GRAPH], target, units, config.seed).plain()
        if NO_GRAPH in told
        else None,
        "graph_used": len(served.encoding.vocabulary.table) > 0,
        "examples": len(examples),
        "tested": len(rows),
        "folds": sum(len(part.test) > 0 for part in parts),
        "trained": len(parts[-1].train),
        "epochs": served.best,
        "parameters": sum(part.size for part in served.weights.arrays().values()),
        "classes": list(examples.classes),
        "notes": dict(examples.notes),
        "worst": [
            {
                "product": examples.products[examples.product[rows[at]]].id,
                "shopper": examples.shoppers[examples.shopper[rows[at]]]
                if examples.shopper[rows[at]] >= 0
                else "",
                "target": float(target[at]),
                "told": own[at].tolist(),
            }
            for at in worst
        ],
    }
    if kind is Kind.CLASS:
        made["confusion"] = _confusion(own, target, len(examples.classes))
    if kind is Kind.RATING:
        made["residuals"] = [[float(a), float(b)] for a, b in zip(own[:, 0], target, strict=True)]
    else:
        made["reliability"] = [list(row) for row in reliability(own, target)]
    return made


def _confusion(told: Array, target: Array, classes: int) -> list[list[int]]:
    """Counts by true class (rows) and told class (columns)."""
    cells = target.astype(int) * classes + told.argmax(1)
    table: list[list[int]] = np.bincount(cells, minlength=classes**2).reshape(classes, classes).tolist()
    return table
