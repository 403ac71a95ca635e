"""One training run from data to verdict, free of jobs and tables: what the stage and the benchmarks call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact, Product
from core.recommend.adversary import under_attack
from core.recommend.artefact import Artefact
from core.recommend.baselines import Baseline, fit
from core.recommend.cases import RunCases
from core.recommend.config import Debias, GraphKind, RankLoss, TrainConfig
from core.recommend.data import Interactions, Split
from core.recommend.measure import METRICS, Measured, evaluate
from core.recommend.prepare import Prepared, prepare
from core.recommend.propensity import Debiased, debiased
from core.recommend.scoring import Combined, Mix, product_vectors
from core.recommend.significance import bootstrap
from core.recommend.text import Encoder
from core.recommend.train import VALID_CASES, Checkpoint, Epoch, Trained, Trainer
from core.recommend.verdict import verdict

if TYPE_CHECKING:
    from torch import Tensor

    from core.recommend.network import Network

Emit = Callable[..., None]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run gives: the artefact to serve, the figures to show and what they are means of, the curves."""

    artefact: Artefact
    metrics: dict[str, Any]
    cases: RunCases
    curves: list[Epoch]


@dataclass(frozen=True, eq=False)
class Hooks:
    """How a run talks to whoever started it; the defaults say and store nothing.

    ``resume`` is a checkpoint of this run, ``start`` the weights of another that it begins with.
    """

    emit: Emit = lambda kind, **data: None
    check: Callable[[], None] = lambda: None
    save: Callable[[Checkpoint], None] = lambda checkpoint: None
    resume: Checkpoint | None = None
    start: Mapping[str, Tensor] | None = None


def run_training(
    run_id: str,
    config: TrainConfig,
    split: Split,
    serving: Interactions,
    products: Sequence[Product],
    facts: Mapping[str, Sequence[Fact]],
    encoder: Encoder | None = None,
    hooks: Hooks | None = None,
    baselines: Sequence[str] | None = None,
    tuning: Mapping[str, tuple[dict[str, float], float]] | None = None,
) -> Outcome:
    """Prepare, train, measure on the test once, and refit the baseline on ``serving`` (all rows) for use.

    ``tuning`` are baselines that a search has tuned; without it they are tuned on their grids.
    Deterministic on one kind of device: equal inputs and seed give equal weights, also over a resume.
    """
    hooks = hooks or Hooks()
    started = time.perf_counter()
    chosen = {} if baselines is None else {"baselines": baselines}
    hooks.emit("phase", name="prepare")
    prepared = prepare(
        split,
        products,
        facts,
        config,
        encoder,
        tuning=tuning,
        check=hooks.check,
        on_step=_steps(hooks.emit),
        **chosen,
    )
    hooks.emit("phase", name="train")
    trainer = Trainer(prepared, config, hooks.start)
    if config.loss is RankLoss.AUTO and trainer.objective.kind is not RankLoss.SOFTMAX:
        hooks.emit("notice", code="sampled")
    trained = trainer.run(
        hooks.check, lambda epoch: hooks.emit("epoch", **asdict(epoch)), hooks.save, hooks.resume
    )
    hooks.emit("phase", name="measure")
    hooks.check()
    metrics, own = _measure(prepared, trained, config, hooks.check)
    metrics["seconds"] = time.perf_counter() - started
    used = {
        product: tuple(
            fact for fact in rows if (fact.relation, fact.object) in prepared.vocabulary.table.column
        )
        for product, rows in facts.items()
    }
    baseline = fit(prepared.best.name, serving, prepared.best.params, prepared.similarity)
    artefact = Artefact(
        run_id,
        config,
        trained.network,
        trained.mix,
        prepared.vocabulary,
        prepared.features,
        used if config.graph is GraphKind.REAL else {},
        baseline,
        trained.average,
        prepared.average_baseline(baseline),
    )
    return Outcome(artefact, metrics, RunCases(split.test.shopper, own), trained.curves)


def tested(
    prepared: Prepared, network: Network, mix: Mix, average: NDArray[np.floating], baseline: Baseline
) -> Measured:
    """What a trained network does on the test, on a baseline that is fitted on all that precedes it."""
    combined = judged(prepared, network, mix, average, baseline)
    return evaluate(combined.score, prepared.split.test, prepared.split.known.counts)


def judged(
    prepared: Prepared, network: Network, mix: Mix, average: NDArray[np.floating], baseline: Baseline
) -> Combined:
    """The scorer that is taken to the test."""
    from core.recommend.network import Inputs

    vectors, bias = product_vectors(network, Inputs.of(prepared.features, prepared.vocabulary.table))
    return prepared.combined(network, mix, vectors, bias, average, baseline)


def _measure(
    prepared: Prepared, trained: Trained, config: TrainConfig, check: Callable[[], None]
) -> tuple[dict[str, Any], Measured]:
    split = prepared.split
    measured: dict[str, Measured] = {}
    weighed: dict[str, Debiased] = {}
    wanted = config.debias in (Debias.EVALUATION, Debias.BOTH)
    rules = config.propensity_power, config.propensity_clip
    best: Baseline = prepared.best
    for name, (params, _) in prepared.tuning.items():
        check()
        fitted = fit(name, split.known, params, prepared.similarity)
        best = fitted if name == prepared.best.name else best
        measured[name] = evaluate(fitted.score, split.test, split.known.counts)
        if wanted:
            weighed[name] = debiased(fitted.score, split.test, split.known.counts, *rules)
    check()
    combined = judged(prepared, trained.network, trained.mix, trained.average, best)
    own = evaluate(combined.score, split.test, split.known.counts)
    if wanted:
        weighed["shelfgraph"] = debiased(combined.score, split.test, split.known.counts, *rules)
    check()
    attacked = under_attack(combined, split.test.some(VALID_CASES, config.seed), split.known.counts)
    sentences, compared = verdict(own, measured, best.name, trained.mix.network > 0, config.seed)
    metrics = {
        "models": {
            name: _figures(value, config.seed) for name, value in {"shelfgraph": own, **measured}.items()
        },
        "tuning": {
            name: {"params": params, "valid": valid} for name, (params, valid) in prepared.tuning.items()
        },
        "compared": {name: asdict(value) for name, value in compared.items()},
        "attacked": attacked,
        "verdict": [sentence.plain() for sentence in sentences],
        "baseline": best.name,
        "mix": asdict(trained.mix),
        "cases": len(split.test),
        "epochs": len(trained.curves),
        "debiased": {name: asdict(value) for name, value in weighed.items()},
        "best_valid": max((epoch.valid for epoch in trained.curves), default=None),
    }
    return metrics, own


def _figures(measured: Measured, seed: int) -> dict[str, Any]:
    interval = bootstrap(measured.per_case["ndcg@10"], seed)
    segments = {name: asdict(bootstrap(values, seed, 500)) for name, values in measured.segments.items()}
    sizes = {name: int((values == values).sum()) for name, values in measured.segments.items()}
    return {
        **{metric: measured.mean(metric) for metric in METRICS},
        "coverage": measured.coverage,
        "low": interval.low,
        "high": interval.high,
        "segments": {name: _plain(figures) for name, figures in segments.items()},
        "segment_cases": sizes,
    }


def _plain(figures: dict[str, float]) -> dict[str, float | None]:
    """NaN becomes None: JSON has no NaN, and what was not measured is shown as such."""
    return {key: None if value != value else value for key, value in figures.items()}


def _steps(emit: Emit) -> Callable[[str, dict[str, Any]], None]:
    return lambda kind, data: emit(kind, **data)
