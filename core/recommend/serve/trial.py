"""What a policy does to shoppers whose next products are known: the validation cases of the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.catalogue.store import Catalogue
from core.errors import RunError
from core.recommend.baselines import NEEDS_TEXT, fit
from core.recommend.data import Interactions, split
from core.recommend.serve.lists import rank
from core.recommend.serve.policy import SLIDERS, Policy
from core.recommend.serve.shelf import Shelf
from core.recommend.significance import Interval, bootstrap
from core.recommend.source import read_events
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.recommend.artefact import Artefact
    from core.recommend.runs import Run

MEASURES = ("ndcg", "recall", "coverage", "novelty", "diversity", "long_tail")
"""NDCG@10, recall@20, the share of the catalogue in anybody's first ten, and of the first ten their mean surprise in
bits, one minus their mean likeness, and their share of the long tail."""
MOST_CASES, MOST_SCORES = 500, 40_000_000
FIRST, SECOND = 10, 20
GRID = tuple(round(step / 10, 1) for step in range(11))


@dataclass(frozen=True, eq=False)
class Trial:
    """Scores float32[cases, products] (−∞ for products that came later), histories and answers, as places."""

    scores: NDArray[np.float32]
    histories: tuple[NDArray[np.integer], ...]
    targets: tuple[NDArray[np.integer], ...]
    of: int
    """How many validation cases the run has; these are a sample of them where there are more."""

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, eq=False)
class Effect:
    """A policy's figures by the names of MEASURES, and NDCG@10 case by case."""

    figures: Mapping[str, float]
    ndcg: NDArray[np.float64]


def trial(workspace: Workspace, run: Run, artefact: Artefact, products: int) -> Trial:
    """The validation cases of a run, scored by the network with the baseline fitted on training rows only.

    ``products`` is the length of the shelf, which may have newcomers. Raises RunError where the events are no longer
    those that the run was trained on, as its validation period is not known then.
    """
    from core.recommend.network import Inputs
    from core.recommend.prepare import Prepared, similarity_of
    from core.recommend.scoring import product_vectors
    from core.recommend.text import product_text

    config, names = artefact.config, artefact.features.products
    rows = read_events(workspace, purchases_only=config.purchases_only)
    data = Interactions.of(rows, names, once=True)
    if data.hash != run.data_hash:
        raise RunError(
            "The events have changed since the run was trained, so what a setting costs cannot be measured.",
            where=run.name,
            remedy="Train again.",
        )
    parts = split(data, config.split.value, config.valid_share, config.test_share)
    text = None
    if artefact.baseline.name in NEEDS_TEXT:
        known = {product.id: product for product in Catalogue(workspace).products(names)}
        texts = [product_text(known[name]) if name in known else "" for name in names]
        text = similarity_of(artefact.vocabulary, texts, artefact.features)
    base = fit(artefact.baseline.name, parts.train, artefact.baseline.params, text)
    prepared = Prepared(
        parts, artefact.vocabulary, artefact.features, text, {}, base, scale=1.0, seed=config.seed
    )
    inputs = Inputs.of(artefact.features, artefact.vocabulary.table, dtype=artefact.network.node.dtype)
    vectors, bias = product_vectors(artefact.network, inputs)
    scorer = prepared.combined(artefact.network, artefact.mix, vectors, bias, artefact.average, base)
    cases = parts.valid.some(max(1, min(MOST_CASES, MOST_SCORES // products)), config.seed)
    scores = np.full((len(cases), products), -np.inf, np.float32)
    for start in range(0, len(cases), 128):
        part = slice(start, start + 128)
        scores[part, : len(names)] = scorer.score(cases.histories[part])
    return Trial(scores, cases.histories, cases.targets, len(parts.valid))


def effect(cases: Trial, shelf: Shelf, policy: Policy) -> Effect:
    """The figures of a policy on the cases; those of the lists are means over lists that are not empty."""
    ranked = rank(
        cases.scores,
        shelf,
        policy,
        SECOND,
        cases.histories,
        shelf.allowed(policy) if policy.filters else None,
    )
    return _measured(ranked.rows, cases, shelf)


def curve(
    cases: Trial, shelf: Shelf, policy: Policy, slider: str, grid: Iterable[float] = GRID
) -> list[Effect]:
    """The effects of a policy with one of SLIDERS at each value of the grid, everything else as it is."""
    if slider not in SLIDERS:
        raise KeyError(slider)
    return [effect(cases, shelf, policy.with_(**{slider: value})) for value in grid]


def cost(policy: Effect, plain: Effect, seed: int = 0) -> Interval:
    """NDCG@10 of a policy minus that of the model's own lists, paired over cases."""
    return bootstrap(policy.ndcg - plain.ndcg, seed)


def _measured(rows: NDArray[np.int64], cases: Trial, shelf: Shelf) -> Effect:
    hits = [np.isin(own, wanted) & (own >= 0) for own, wanted in zip(rows, cases.targets, strict=True)]
    gains = np.array(
        [_ndcg(hit[:FIRST], len(wanted)) for hit, wanted in zip(hits, cases.targets, strict=True)]
    )
    recalls = [hit.sum() / len(wanted) for hit, wanted in zip(hits, cases.targets, strict=True)]
    ten = rows[:, :FIRST]
    shown = ten[ten >= 0]
    figures = {
        "ndcg": float(gains.mean()) if len(gains) else float("nan"),
        "recall": float(np.mean(recalls)) if recalls else float("nan"),
        "coverage": len(np.unique(shown)) / max(len(shelf), 1),
        "novelty": float(shelf.surprise[shown].mean()) if len(shown) else float("nan"),
        "diversity": _diversity(ten, shelf.vectors),
        "long_tail": float(shelf.tail[shown].mean()) if len(shown) else float("nan"),
    }
    return Effect(figures, gains)


def _ndcg(hits: NDArray[np.bool_], wanted: int) -> float:
    discounts = 1.0 / np.log2(np.arange(len(hits)) + 2.0)
    best = 1.0 / np.log2(np.arange(min(wanted, FIRST)) + 2.0)
    return float(discounts[hits].sum() / best.sum())


def _diversity(ten: NDArray[np.int64], vectors: NDArray[np.float32]) -> float:
    """One minus the mean cosine of two different products of a list; Ziegler et al., WWW 2005."""
    there = (ten >= 0).astype(np.float32)
    own = vectors[ten] * there[..., None]
    count = there.sum(1)
    total = (own.sum(1) ** 2).sum(1) - (own**2).sum((1, 2))
    pairs = count * (count - 1)
    return float(np.mean(1.0 - total[pairs > 0] / pairs[pairs > 0])) if (pairs > 0).any() else float("nan")


def mean_of(effects: Sequence[Effect], measure: str) -> list[float]:
    """One measure along a curve."""
    return [found.figures[measure] for found in effects]
