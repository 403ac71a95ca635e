"""Planted facts, found by their disagreement with the product's text and with the products most like it."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.extract.lexicon import lexicon
from core.extract.tokens import fold, has_cjk
from core.recommend.text import words
from core.robust.facts import PoisonedFacts
from core.robust.spotting import Floats, spotted
from core.robust.world import Model, World

NEIGHBOURS = 15
SIMULATED = 12


def fact_features(model: Model, world: World) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """(product, column, float[facts, 4]) of every fact of the world.

    Features: the share of the value's words that stand in the product's text, the log ratio of how often the most
    similar products have the fact to how often all have it, the log of how often all have it, and the log of how many
    values the product has for the relation beside what is usual.
    """
    table = model.artefact.vocabulary.table
    sizes = [len(row) for row in world.facts]
    owner = np.repeat(np.arange(len(sizes)), sizes).astype(np.int64)
    column = np.concatenate([*world.facts, np.empty(0, np.int64)]).astype(np.int64)
    if not len(column):
        return owner, column, np.zeros((0, 4))
    has = sp.csr_matrix((np.ones(len(column)), (owner, column)), shape=(len(sizes), len(table)))
    base = np.asarray(has.mean(0)).ravel()
    near = np.asarray((_nearest(model, world) @ has)[owner, column]).ravel()
    lift = np.log((near + 0.02) / (base[column] + 0.02))
    pairs = owner * len(table.relations) + table.relation[column]
    _, which, several = np.unique(pairs, return_inverse=True, return_counts=True)
    relation_of_pair = np.zeros(len(several), np.int64)
    relation_of_pair[which] = table.relation[column]
    usual = np.bincount(relation_of_pair, several) / np.maximum(np.bincount(relation_of_pair), 1)
    crowd = np.log(several[which] / usual[table.relation[column]])
    stated = _stated(model, world, owner, column)
    return owner, column, np.column_stack([stated, lift, np.log(base[column]), crowd])


def spot_facts(
    model: Model, world: World, targets: NDArray[np.int64], seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """(product, column, score in [0, 1]) of every fact, taught by facts planted in this very world.

    ``targets`` are products that simulated attackers push. What was planted before is not known to it.
    """
    random = np.random.default_rng((seed, 78))
    owner, column, features = fact_features(model, world)
    chosen = random.choice(targets, min(SIMULATED, len(targets)), replace=False)
    facts = list(world.facts)
    for target in chosen:
        facts[target] = np.union1d(
            facts[target], PoisonedFacts().apply(model, int(target), random).facts[target]
        )
    mixed = World(world.texts, tuple(facts), world.known, world.shift)
    new_owner, new_column, told = fact_features(model, mixed)
    width = len(model.artefact.vocabulary.table)
    planted = ~np.isin(new_owner * width + new_column, owner * width + column)
    return owner, column, spotted(features, [(told[~planted], told[planted])], seed)


def _nearest(model: Model, world: World) -> sp.csr_matrix:
    """Sparse float[products, products]: equal weights, summing to one, on the products of most similar text."""
    features = model.features(world)
    blocks = [block for block in (features.lexical, features.sentence) if block.shape[1]]
    count = len(features)
    near = min(NEIGHBOURS, count - 1)
    if not blocks or near < 1:
        return sp.csr_matrix((count, count))
    vectors = np.concatenate(blocks, axis=1)
    best = np.empty((count, near), np.int64)
    for start in range(0, count, 1_024):
        cosines = vectors[start : start + 1_024] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))] = -np.inf
        best[start : start + 1_024] = np.argpartition(-cosines, near - 1, axis=1)[:, :near]
    places = (np.repeat(np.arange(count), near), best.ravel())
    return sp.csr_matrix((np.full(best.size, 1.0 / near), places), shape=(count, count))


def _stated(model: Model, world: World, owner: NDArray[np.int64], column: NDArray[np.int64]) -> Floats:
    table = model.artefact.vocabulary.table
    texts = {k: fold(world.texts[k]) for k in np.unique(owner).tolist()}
    tokens = {k: set(words(text)) for k, text in texts.items()}
    found = np.zeros(len(owner))
    for at, (product, one) in enumerate(zip(owner.tolist(), column.tolist(), strict=True)):
        value = table.nodes[table.node[one]].partition(":")[2]
        names = _names(table.relations[table.relation[one]], value)
        found[at] = max(_share(name, texts[product], tokens[product]) for name in names)
    return found


def _share(name: str, text: str, tokens: set[str]) -> float:
    if has_cjk(name):
        return float(name in text)
    parts = [word for word in words(name) if " " not in word]
    return sum(part in tokens for part in parts) / len(parts) if parts else 0.0


@cache
def _names(relation: str, value: str) -> tuple[str, ...]:
    """What a value may be called in a text: its key, and the names the lexicon has for it."""
    own = lexicon().names.get(relation, {})
    return (value, *(name for name, canonical in own.items() if fold(canonical) == value))
