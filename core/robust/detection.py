"""How well planted shoppers and facts are told from genuine ones, and which of those that are there look planted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.robust.defences import cold_products
from core.robust.facts import PoisonedFacts
from core.robust.profiles import KINDS, SHARES, FakeProfiles
from core.robust.spot_facts import spot_facts
from core.robust.spot_profiles import fakes_among, spot_profiles
from core.robust.spotting import SURE, auc
from core.robust.world import Model

LISTED = 25
SHARE = SHARES[1]


def detection(
    model: Model, rounds: int, seed: int, step: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """``profiles``: for each kind of attack at SHARE of the shoppers, and ``facts``: for poisoned facts, the AUC of
    each of ``rounds`` attacks with other seeds and targets, and at score SURE the share found and the share of the
    genuine that are suspected. ``suspects`` and ``suspect_facts``: those of the shop as it is, likeliest first."""
    return {
        "share": SHARE,
        "sure": SURE,
        "profiles": [profiles_found(model, kind, SHARE, rounds, seed, step) for kind in KINDS],
        "facts": _facts(model, rounds, seed, step),
        "suspects": _suspects(model, seed),
        "suspect_facts": _suspect_facts(model, seed),
    }


def profiles_found(
    model: Model,
    kind: str,
    share: float,
    rounds: int,
    seed: int,
    step: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """How well fake profiles of that kind, ``share`` of the shoppers, are found: AUC of each round, their mean and
    least, and at score SURE the share of them found and the share of genuine shoppers wrongly suspected."""
    cold = cold_products(model.counts)
    areas, found, wrong = [], [], []
    for number in range(rounds):
        step()
        random = np.random.default_rng((seed, number, KINDS.index(kind)))
        target = int(random.choice(cold))
        known = FakeProfiles(kind, share).apply(model, target, random).known
        shoppers, scores, _ = spot_profiles(known, cold, model.likeness, seed + 1_000 + number)
        planted = fakes_among(known, shoppers)
        areas.append(auc(scores, planted))
        found.append(float((scores[planted] >= SURE).mean()))
        wrong.append(float((scores[~planted] >= SURE).mean()))
    return {"attack": f"profiles_{kind}", **_told(areas, found, wrong)}


def _facts(model: Model, rounds: int, seed: int, step: Callable[[], None]) -> dict[str, Any]:
    cold = cold_products(model.counts)
    width = len(model.artefact.vocabulary.table)
    clean = {k * width + int(column) for k, row in enumerate(model.clean.facts) for column in row}
    areas, found, wrong = [], [], []
    for number in range(rounds):
        step()
        random = np.random.default_rng((seed, number, 99))
        world = PoisonedFacts().apply(model, int(random.choice(cold)), random)
        owner, column, scores = spot_facts(model, world, cold, seed + 1_000 + number)
        planted = np.array([key not in clean for key in (owner * width + column).tolist()], bool)
        if planted.any():
            areas.append(auc(scores, planted))
            found.append(float((scores[planted] >= SURE).mean()))
            wrong.append(float((scores[~planted] >= SURE).mean()))
    return {"attack": "poisoned_facts", **_told(areas, found, wrong)}


def _told(areas: Sequence[float], found: Sequence[float], wrong: Sequence[float]) -> dict[str, Any]:
    return {
        "auc": list(areas),
        "mean": float(np.mean(areas)) if areas else None,
        "least": min(areas) if areas else None,
        "found": float(np.mean(found)) if found else None,
        "wrong": float(np.mean(wrong)) if wrong else None,
    }


def _suspects(model: Model, seed: int) -> list[dict[str, Any]]:
    known = model.clean.known
    shoppers, scores, product = spot_profiles(known, cold_products(model.counts), model.likeness, seed)
    best = np.argsort(-scores, kind="stable")[:LISTED]
    return [
        {
            "shopper": known.shoppers[int(shoppers[k])],
            "score": float(scores[k]),
            "product": known.products[int(product[k])],
            "events": len(known.history(int(shoppers[k]))),
        }
        for k in best
    ]


def _suspect_facts(model: Model, seed: int) -> list[dict[str, Any]]:
    owner, column, scores = spot_facts(model, model.clean, cold_products(model.counts), seed)
    table = model.artefact.vocabulary.table
    ids = _fact_ids(model)
    best = np.argsort(-scores, kind="stable")[:LISTED]
    return [
        {
            "product": model.names[int(owner[k])],
            "relation": table.relations[int(table.relation[column[k]])],
            "node": table.nodes[int(table.node[column[k]])],
            "fact": ids.get((model.names[int(owner[k])], int(column[k])), ""),
            "score": float(scores[k]),
        }
        for k in best
    ]


def _fact_ids(model: Model) -> dict[tuple[str, int], str]:
    """(product, column of the fact table) → the fact's id in the graph."""
    column = model.artefact.vocabulary.table.column
    return {
        (product, column[fact.relation, fact.object]): fact.id
        for product, facts in model.artefact.facts.items()
        for fact in facts
        if (fact.relation, fact.object) in column
    }
