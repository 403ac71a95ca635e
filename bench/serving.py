"""Serving: how long a list takes for a shopper, a basket, a need in words, and a product nobody has seen.

python -m bench.serving --workspace .shelfgraph/workspaces/sample     # a trained workspace
python -m bench.serving --products 100000                             # a made-up catalogue of that size
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from bench.common import machine, peak_memory_mb, table, timed
from core.domain import Fact, Node, Product, content_hash
from core.extract.shipped import default_tagger
from core.recommend.artefact import Artefact, load
from core.recommend.baselines import Baseline
from core.recommend.config import TrainConfig
from core.recommend.fact_table import FactTable
from core.recommend.features import Features, Vocabulary
from core.recommend.price import PriceScale
from core.recommend.rank import Recommender
from core.recommend.serve.export import shelf_of
from core.recommend.serve.lists import explained, serve
from core.recommend.serve.need import Reader, policy_for, scores
from core.recommend.serve.policy import AS_RANKED, Boost, Policy
from core.recommend.serve.shelf import Shelf
from core.recommend.serve.unseen import Audience, audience, for_whom, most_like, read, vector
from core.recommend.source import read_histories
from core.recommend.text import Lexicon, product_text
from core.storage.workspaces import Workspace

WORDS = (
    "steel",
    "cotton",
    "oak",
    "light",
    "soft",
    "warm",
    "large",
    "small",
    "blue",
    "green",
    "daily",
    "folding",
)
USES = ("hiking", "travel", "office work", "cooking", "sleeping", "cleaning", "running", "reading")
BRANDS = 400
SHARED = 40
"""Neighbours of a product in the made-up baseline."""
QUANTILES = (0.5, 0.9, 0.99)
Times = tuple[list[float], list[float]]


@dataclass(frozen=True, eq=False)
class Bench:
    """Something to serve from."""

    name: str
    model: Recommender
    shelf: Shelf
    histories: Mapping[str, Sequence[str]]


def of_workspace(folder: Path) -> Bench:
    """A trained workspace."""
    workspace = Workspace(folder)
    model = load(workspace)
    return Bench(folder.name, model, shelf_of(workspace, model), read_histories(workspace))


def made_up(size: int, shoppers: int = 2_000, seed: int = 0) -> Bench:
    """A catalogue of that size with an untrained network of the usual shape: its weights do not change the time."""
    random = np.random.default_rng(seed)
    products = [_product(number, random) for number in range(size)]
    facts = {product.id: _facts(number, product, random) for number, product in enumerate(products)}
    every = [fact for rows in facts.values() for fact in rows]
    config = TrainConfig(text="lexical")
    texts = [product_text(product) for product in products]
    vocabulary = Vocabulary(
        FactTable.of(every, size),
        Lexicon.of(texts, config.text_dim),
        False,
        PriceScale.of(products),
    )
    counts = random.zipf(1.6, size).clip(0, 50_000).astype(np.float32)
    features = vocabulary.encode(products, facts, counts, None)
    artefact = _untrained(config, vocabulary, features, facts, random)
    model = Recommender(artefact)
    nodes = {fact.object: Node(fact.object, "", fact.object.partition(":")[2]) for fact in every}
    known = {product.id: product for product in products}
    shelf = Shelf.of(model.product_ids, known, every, nodes, counts, model.model.vectors)
    people = {
        f"s{number}": [f"p{row}" for row in random.integers(0, size, int(random.integers(3, 30)))]
        for number in range(shoppers)
    }
    return Bench(f"made up, {size:,} products", model, shelf, people)


def measured(bench: Bench, repeats: int) -> Iterator[tuple[str, Times]]:
    """Each kind of question, and how long each answer took."""
    model, shelf = bench.model, bench.shelf
    people = list(bench.histories.values())[:repeats]
    trait = max(shelf.traits, key=lambda one: len(shelf.traits[one]))
    prices = shelf.price[np.isfinite(shelf.price)]
    busy = Policy(
        price_to=float(np.quantile(prices, 0.9)) if len(prices) else None,
        boosts=(Boost(trait=trait, weight=0.3),),
        diversity=0.3,
        discount=0.2,
        long_tail=0.3,
    )
    yield "known shopper, model's own order", _times(people, lambda own: serve(model, shelf, own, AS_RANKED))
    yield "known shopper, every setting on", _times(people, lambda own: serve(model, shelf, own, busy))
    random = np.random.default_rng(1)
    baskets = [list(random.choice(model.product_ids, 3, replace=False)) for _ in range(repeats)]
    yield "basket of three, every setting on", _times(baskets, lambda own: serve(model, shelf, own, busy))
    reader = Reader(shelf)
    names = [shelf.name(one) for one in shelf.traits]
    pairs = [(str(one), str(other)) for one, other in random.choice(names, (repeats, 2))]

    def wanted(text: str) -> object:
        need = reader.read(text)
        found = scores(need, shelf, model)
        return explained(found, shelf, policy_for(need, busy), 10, model.rows([]))

    needs = [f"{one} {other} under 60" for one, other in pairs]
    yield "need in words, every setting on", _times(needs, wanted)
    known = audience(model, bench.histories)
    pasted = [Product("new", f"{one} and {other}", f"Made for {other}, of {one}.") for one, other in pairs]
    yield "pasted product, read and placed", _times(pasted, lambda own: placed(bench, known, own))


def placed(bench: Bench, known: Audience, product: Product) -> object:
    """Read a pasted product, find whom it is for and what it is like."""
    made = vector(bench.model, read(product, default_tagger(), {}), bench.shelf.vectors)
    return for_whom(bench.model, made, known), most_like(made)


def _times(asked: Sequence[Any], answer: Callable[[Any], object]) -> Times:
    """Milliseconds by the wall and of the processor; the first answer, which loads what is loaded once, is left out."""
    answer(asked[0])
    wall, cpu = [], []
    for one in asked:
        with timed() as clock:
            answer(one)
        wall.append(1000 * clock.seconds)
        cpu.append(1000 * clock.cpu)
    return wall, cpu


def _product(number: int, random: np.random.Generator) -> Product:
    words = " ".join(random.choice(WORDS, 6))
    brand = f"Brand{int(random.integers(BRANDS))}"
    return Product(
        f"p{number}", f"{brand} {words} {number}", words, brand, None, float(random.gamma(2.0, 20.0))
    )


def _facts(number: int, product: Product, random: np.random.Generator) -> list[Fact]:
    pairs = [("brand", f"brand:{(product.brand or '').lower()}")]
    pairs += [("usedFor", f"use:{use}") for use in random.choice(USES, 2, replace=False)]
    pairs += [("material", f"material:{word}") for word in random.choice(WORDS[:3], 1)]
    pairs += [("feature", f"feature:f{int(one)}") for one in random.integers(0, 5_000, 4)]
    subject = f"product:p{number}"
    return [Fact(content_hash(subject, *pair), subject, *pair, (), 0.9) for pair in dict.fromkeys(pairs)]


def _untrained(
    config: TrainConfig,
    vocabulary: Vocabulary,
    features: Features,
    facts: Mapping[str, Sequence[Fact]],
    random: np.random.Generator,
) -> Artefact:
    from core.recommend.network import Network, Shape
    from core.recommend.scoring import Mix

    size, place = len(features), vocabulary.table
    shape = Shape(
        size, len(place.nodes), len(place.relations), place.groups, features.lexical.shape[1], 0,
        config.id_dim, config.text_dim, config.graph_dim, config.width, config.layers, config.heads,
        config.history_length, config.dropout,
    )  # fmt: skip
    network = Network(shape, place)
    ends = np.arange(size + 1) * SHARED
    likeness = sp.csr_matrix(
        (random.random(size * SHARED, dtype=np.float32), random.integers(0, size, size * SHARED), ends),
        (size, size),
    )
    baseline = Baseline("itemknn", {"decay": 0.8}, likeness, np.zeros(size, np.float32))
    average = np.zeros(sum(shape.blocks().values()))
    used = {product: tuple(rows) for product, rows in facts.items()}
    return Artefact(
        "made-up",
        config,
        network,
        Mix(1.0, 1.0),
        vocabulary,
        features,
        used,
        baseline,
        average,
        np.zeros(size),
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=100)
    arguments = parser.parse_args()
    bench = of_workspace(arguments.workspace) if arguments.workspace else made_up(arguments.products)
    print(f"{bench.name}: {len(bench.shelf):,} products, {len(bench.histories):,} shoppers, lists of 10\n")
    rows = [
        [name, len(wall), *(float(np.quantile(part, q)) for part in (wall, cpu) for q in QUANTILES)]
        for name, (wall, cpu) in measured(bench, arguments.repeats)
    ]
    heads = [f"{q:.0%} {unit}" for unit in ("ms", "CPU ms") for q in QUANTILES]
    print(table(["question", "n", *heads], rows))
    print(f"\n{machine()}; peak {peak_memory_mb():,.0f} MB")


if __name__ == "__main__":
    main()
