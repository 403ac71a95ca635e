"""Scores of recommenders on a benchmark's files; where no triples are given, the items' texts are read here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.domain import Fact, Product
from core.errors import ConfigError
from core.ontology import family
from core.recommend.baselines import GRID, Baseline, fit
from core.recommend.config import PRESETS, GraphKind, RankLoss, TextKind, TrainConfig, config_of
from core.recommend.data import Interactions
from core.recommend.encoder import sentence_encoder
from core.recommend.experiment import tested
from core.recommend.files import Benchmark
from core.recommend.forecast import forecast
from core.recommend.graph_knn import tuned_graph_knn
from core.recommend.measure import METRICS, Measured, evaluate
from core.recommend.prepare import Prepared, prepare, regraphed
from core.recommend.significance import bootstrap, compare
from core.recommend.train import Epoch, Trainer
from core.stages.read_items import read_facts

GRAPH_KNN = "graph_knn"
OWN = {
    "shelfgraph": GraphKind.REAL,
    "shelfgraph_no_graph": GraphKind.NONE,
    "shelfgraph_shuffled": GraphKind.SHUFFLED,
}
MODELS = (*GRID, GRAPH_KNN, *OWN)
DEFAULT = (*GRID, GRAPH_KNN, "shelfgraph")
NEEDS_FACTS = {GRAPH_KNN, "shelfgraph", "shelfgraph_shuffled"}
AUTO = "auto"
BUDGET_SECONDS = 600.0
"""What one training may be expected to take before a smaller one is chosen, unless a preset is asked for."""
Say = Callable[[str], object]


@dataclass
class _Scored:
    """A model's measurements, one a seed, and what it cost."""

    measured: list[Measured] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    valid: float = float("nan")
    about: dict[str, Any] = field(default_factory=dict)


def score(
    bench: Benchmark,
    models: Sequence[str] = DEFAULT,
    seeds: int = 1,
    preset: str = AUTO,
    say: Say = lambda text: None,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Fit and measure each model: full ranking, products a shopper has left out, all tuned on validation only.

    Baselines are refitted on all that precedes the test. ``p_value`` is the Wilcoxon signed-rank test's over
    shoppers, on NDCG@10 averaged over seeds, against the graph-free baseline that was best on validation, after
    Holm; ``fit_seconds`` is the fit that is tested, without the tuning before it; ``interval`` the 95% bootstrap
    interval of NDCG@10. The preset "auto" is "balanced", or where that would take more than ``BUDGET_SECONDS``,
    "quick" with as many epochs as fit, which depends on the machine, and by sampled softmax where that is twice as
    fast; ``settings`` stand instead of the preset's, and ``config`` tells which were not the ordinary ones. Raises
    ConfigError for a model or a setting that is not known.
    """
    _check(models, seeds, preset)
    facts = bench.facts if bench.facts is not None else {}
    if bench.facts is None and NEEDS_FACTS & set(models) and _told(bench.products):
        say("reading the items' texts")
        facts = read_facts(bench.products)
    chosen = _config(bench, preset, facts).model_dump(mode="json")
    config = config_of(chosen | _text(bench.products) | dict(settings or {}))
    say(f"{config.epochs} epochs at most, text {config.text}, {sum(map(len, facts.values()))} facts")
    prepared = _prepare(bench, facts, config, models, say)
    scored = _baselines(bench, prepared, say)
    if GRAPH_KNN in models:
        scored[GRAPH_KNN] = _graph_knn(bench, prepared, facts, say)
    for name in (name for name in models if name in OWN):
        scored[name] = _own(config.model_copy(update={"graph": OWN[name]}), prepared, seeds, say)
    return _figures(
        bench, {name: value for name, value in scored.items() if name in models}, scored, prepared
    ) | {
        "facts": sum(len(own) for own in facts.values()),
        "read_by": "files" if bench.facts is not None else "shelfgraph",
        "config": config.model_dump(mode="json", exclude_defaults=True),
    }


def _check(models: Sequence[str], seeds: int, preset: str) -> None:
    for name, known in (*((name, MODELS) for name in models), (preset, (AUTO, *PRESETS))):
        if name not in known:
            raise ConfigError("There is nothing of this name.", where=name, remedy=f"Use {', '.join(known)}.")
    if seeds < 1:
        raise ConfigError("There has to be a seed at least.", where=str(seeds), remedy="Give 1 or more.")


def _config(bench: Benchmark, preset: str, facts: Mapping[str, Sequence[Fact]]) -> TrainConfig:
    if preset != AUTO:
        return PRESETS[preset]
    train = bench.split.train
    families = {family(fact.relation) for own in facts.values() for fact in own}
    sizes = {
        "products": len(bench.products),
        "shoppers": len(train.shoppers),
        "events": len(train),
        "groups": len(families),
    }

    def seconds(config: TrainConfig, epochs: int) -> float:
        return forecast(config.model_copy(update={"epochs": epochs}), **sizes).seconds

    balanced = PRESETS["balanced"]
    if seconds(balanced, balanced.epochs) <= BUDGET_SECONDS:
        return balanced
    # A step of many shoppers ranks the catalogue once for all of them, which is what a large catalogue needs.
    quick = PRESETS["quick"].model_copy(update={"batch_size": 128})
    sampled = quick.model_copy(update={"loss": RankLoss.SAMPLED_SOFTMAX})
    if 2 * seconds(sampled, quick.epochs) < seconds(quick, quick.epochs):
        quick = sampled
    once = seconds(quick, 1)
    fitting = int(1 + (BUDGET_SECONDS - once) / max(seconds(quick, 2) - once, 1e-9))
    return quick.model_copy(update={"epochs": min(quick.epochs, max(3, fitting))})


def _text(products: Sequence[Product]) -> dict[str, Any]:
    return {} if _told(products) else {"text": TextKind.NONE}


def _told(products: Sequence[Product]) -> bool:
    """Whether anything is said of them."""
    return any(product.title or product.description for product in products)


def _prepare(
    bench: Benchmark,
    facts: Mapping[str, Sequence[Fact]],
    config: TrainConfig,
    models: Sequence[str],
    say: Say,
) -> Prepared:
    encoder = sentence_encoder() if config.text in (TextKind.SENTENCE, TextKind.BOTH) else None
    wanted = [name for name in GRID if name in models] if not {GRAPH_KNN, *OWN} & set(models) else list(GRID)

    def on_step(kind: str, data: Mapping[str, Any]) -> None:
        say(f"{kind} {data.get('name', '')} {data.get('valid', '')}".strip())

    return prepare(
        bench.split, bench.products, facts, config, encoder, baselines=wanted or list(GRID), on_step=on_step
    )


def _baselines(bench: Benchmark, prepared: Prepared, say: Say) -> dict[str, _Scored]:
    scored: dict[str, _Scored] = {}
    for name, (params, valid) in prepared.tuning.items():
        one = _Scored(valid=valid, about={"params": params})
        with _timed(one):
            model = fit(name, bench.split.known, params, prepared.similarity)
        one.measured.append(evaluate(model.score, bench.split.test, bench.split.known.counts))
        scored[name] = one
        say(f"{name}: {one.measured[0].mean('ndcg@10'):.4f}")
    return scored


def _graph_knn(
    bench: Benchmark, prepared: Prepared, facts: Mapping[str, Sequence[Fact]], say: Say
) -> _Scored:
    def base(data: Interactions) -> Baseline:
        return fit(prepared.best.name, data, prepared.best.params, prepared.similarity)

    one = _Scored()
    again, one.about["params"], one.valid = tuned_graph_knn(base, facts, bench.split.train, bench.split.valid)
    with _timed(one):
        model = again(bench.split.known)
    one.about["on"] = prepared.best.name
    one.measured.append(evaluate(model.score, bench.split.test, bench.split.known.counts))
    say(f"{GRAPH_KNN}: {one.measured[0].mean('ndcg@10'):.4f}")
    return one


def _own(config: TrainConfig, prepared: Prepared, seeds: int, say: Say) -> _Scored:
    def told(epoch: Epoch) -> None:
        say(f"epoch {epoch.epoch}: {epoch.valid:.4f}")

    one = _Scored(about={"on": prepared.best.name, "mix": []})
    best = prepared.refitted()
    for seed in range(seeds):
        seeded = config.model_copy(update={"seed": seed})
        own = replace(regraphed(prepared, config.graph, seed), seed=seed)
        with _timed(one):
            trained = Trainer(own, seeded).run(on_epoch=told)
        one.measured.append(tested(own, trained.network, trained.mix, trained.average, best))
        one.about["mix"].append({"baseline": trained.mix.baseline, "network": trained.mix.network})
        one.valid = max(epoch.valid for epoch in trained.curves)
        say(f"seed {seed}: {one.measured[-1].mean('ndcg@10'):.4f}")
    return one


def _figures(
    bench: Benchmark, shown: Mapping[str, _Scored], scored: Mapping[str, _Scored], prepared: Prepared
) -> dict[str, Any]:
    leader = prepared.best.name
    means = {
        name: np.mean([m.per_case["ndcg@10"] for m in one.measured], axis=0) for name, one in scored.items()
    }
    against = compare(means[leader], {name: values for name, values in means.items() if name != leader})
    told: dict[str, Any] = {}
    for name, one in shown.items():
        interval = bootstrap(means[name])
        figures = {metric: float(np.mean([m.mean(metric) for m in one.measured])) for metric in METRICS}
        found = against.get(name)
        told[name] = figures | {
            "coverage": float(np.mean([m.coverage for m in one.measured])),
            "interval": [interval.low, interval.high],
            "difference": [-found.difference.high, -found.difference.low] if found else None,
            "p_value": found.p_holm if found else None,
            "fit_seconds": float(np.mean(one.seconds)),
            "valid_ndcg@10": one.valid,
            "seeds": len(one.measured),
            "by_seed": [m.mean("ndcg@10") for m in one.measured],
            "cold_item_ndcg@10": _segment(one, "cold_item"),
            "cold_shopper_ndcg@10": _segment(one, "cold_shopper"),
            **one.about,
        }
    split = bench.split
    return {
        "models": told,
        "best_baseline": leader,
        "n": len(split.test),
        "repeats_left_out": split.repeats,
        "items": len(bench.products),
    }


def _segment(one: _Scored, name: str) -> float | None:
    values = np.concatenate([m.segments[name] for m in one.measured])
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


@contextmanager
def _timed(one: _Scored) -> Iterator[None]:
    began = time.perf_counter()
    yield
    one.seconds.append(time.perf_counter() - began)
