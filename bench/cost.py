"""What an epoch costs as events, triples and products grow, and how long a ranking takes.

    python -m bench.cost                     epochs against events, triples and products; a ranking at 100,000 products
    python -m bench.cost --products 20000    the same on a smaller catalogue

Synthetic shoppers and facts whose frequencies fall like those of words (Zipf). Text vectors are random of the usual
size: an epoch costs the same whatever they say. Only the passes over the training data are timed, in processor
seconds of one thread; validation after each epoch is given apart, as the cost of a case. An epoch is linear in what
grows down a table where the cost per unit in the last column stays as it is or falls. The losses and the ranking are
measured with few facts, so that what grows is the catalogue alone.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from bench.common import machine, peak_memory_mb, table, timed
from core.domain import Fact, Product
from core.recommend.baselines import fit
from core.recommend.config import TrainConfig, config_of
from core.recommend.data import Interactions, Split, temporal_split
from core.recommend.fact_table import FactTable
from core.recommend.features import Features, Vocabulary
from core.recommend.measure import evaluate, top
from core.recommend.prepare import Prepared
from core.recommend.price import PriceScale
from core.recommend.scoring import Mix
from core.recommend.train import Trainer

SEED = 3
EVENTS_A_SHOPPER = 8
RELATIONS = ("brand", "category", "material", "usedFor", "color")
TEXT = 64
REQUESTS = 50
STEPS = 6
PARTS = ("events", "triples", "losses", "ranking")
SAMPLED = {"loss": "sampled_softmax"}
SETTINGS = {"text": "lexical", "threads": 1, "device": "cpu", "certificate": False}


@dataclass(frozen=True)
class Size:
    """What a shop is made of."""

    products: int
    events: int
    triples: int


def shop(size: Size, config: TrainConfig) -> Prepared:
    """A preparation of a synthetic shop, without tuning: ItemKNN with fixed parameters is the baseline."""
    random = np.random.default_rng(SEED)
    names = [f"p{k}" for k in range(size.products)]
    split = _split(size, names, random)
    facts = _facts(size, names, random)
    table_ = FactTable.of(facts, size.products)
    rows: list[list[Fact]] = [[] for _ in names]
    for fact in facts:
        rows[int(fact.subject.removeprefix("product:p"))].append(fact)
    words = random.standard_normal((size.products, TEXT)).astype(np.float32)
    prices = random.lognormal(3, 1, size.products).tolist()
    priced = [Product(name, name, price=price) for name, price in zip(names, prices, strict=True)]
    scale = PriceScale.of(priced)
    features = Features(
        tuple(names),
        np.arange(size.products, dtype=np.int64),
        words / np.linalg.norm(words, axis=1, keepdims=True),
        np.zeros((size.products, 0), np.float32),
        scale.encode(priced),
        split.train.counts,
        tuple(table_.columns(row) for row in rows),
    )
    best = fit("itemknn", split.train, {"shrink": 5.0, "decay": 0.85})
    vocabulary = Vocabulary(table_, None, False, scale)
    return Prepared(split, vocabulary, features, None, {}, best, 1.0, config.seed)


def _split(size: Size, names: list[str], random: np.random.Generator) -> Split:
    shoppers = size.events // EVENTS_A_SHOPPER
    taken = _zipf(size.products, size.events, random)
    rows = [(f"s{k % shoppers}", names[product], float(k)) for k, product in enumerate(taken.tolist())]
    return temporal_split(Interactions.of(rows, names, once=True), 0.05, 0.05)


def _facts(size: Size, names: list[str], random: np.random.Generator) -> list[Fact]:
    values = _zipf(max(20, size.triples // 20), size.triples, random)
    return [
        Fact(str(k), f"product:{names[k % size.products]}", (relation := RELATIONS[k % 5]),
             f"{relation}:{value}", (), 1.0)
        for k, value in enumerate(values.tolist())
    ]  # fmt: skip


def _zipf(kinds: int, count: int, random: np.random.Generator) -> np.ndarray:
    mass = 1.0 / np.arange(1, kinds + 1) ** 0.8
    return random.choice(kinds, count, p=mass / mass.sum())


def epoch_seconds(trainer: Trainer, steps: int = 0) -> tuple[float, int]:
    """(processor seconds of an epoch, examples in it); with ``steps``, from that many steps of it."""
    trainer.network.train()
    random = np.random.default_rng(0)
    batches = trainer.examples.epoch(0)
    trainer.steps.take(next(batches), random)
    with timed() as clock:
        seen = [
            len(batch.target) for batch in islice(batches, steps or None) if trainer.steps.take(batch, random)
        ]
    share = len(seen) / len(trainer.examples) if steps else 1.0
    return clock.cpu / share, int(sum(seen) / share)


def growth(name: str, sizes: list[Size], unit: str) -> str:
    """A table of epochs over growing shops; the last column is what one more of the unit costs."""
    rows = []
    for size in sizes:
        config = config_of(SETTINGS | SAMPLED)
        seconds, examples = epoch_seconds(Trainer(shop(size, config), config))
        rows.append([size.products, size.events, size.triples, examples, seconds,
                     1e6 * seconds / getattr(size, unit)])  # fmt: skip
    columns = ["products", "events", "triples", "examples", "CPU s an epoch", f"µs per {unit[:-1]}"]
    return f"**{name}**\n\n" + table(columns, rows)


def losses(shops: list[Prepared]) -> str:
    """Full against sampled softmax over growing catalogues: from a few steps each, with the memory of a full step."""
    rows = []
    for prepared in shops:
        for loss in ("softmax", "sampled_softmax"):
            trainer = Trainer(prepared, config_of(SETTINGS | {"loss": loss}))
            seconds, examples = epoch_seconds(trainer, STEPS)
            widest = trainer.examples.longest(trainer.config.batch_size)
            scores = widest.baseline.nbytes / 2**20
            rows.append([len(prepared.features), loss, seconds, 1e3 * seconds / examples, scores])
    columns = ["products", "loss", "CPU s an epoch", "ms per example", "MiB of scores in the widest step"]
    return f"**Losses**, from {STEPS} steps each\n\n" + table(columns, rows)


def latency(prepared: Prepared) -> str:
    """Top ten of one shopper at a time, baseline and network together, from the history to the list."""
    trainer = Trainer(prepared, config_of(SETTINGS | SAMPLED))
    model = trainer.combined(Mix(1.0, 1.0))
    cases = trainer.cases.some(REQUESTS)
    model.score(cases.histories[:1])
    spent, worked = [], []
    for history in cases.histories:
        with timed() as one:
            top(model.score([history]), 10)
        spent.append(1e3 * one.seconds)
        worked.append(1e3 * one.cpu)
    with timed() as clock:
        evaluate(model.score, cases, trainer.prepared.split.train.counts)
    figures = [float(np.percentile(values, at)) for values in (worked, spent) for at in (50, 95)]
    row = [len(prepared.features), len(spent), *figures, 1e3 * clock.cpu / len(cases)]
    columns = [
        "products",
        "requests",
        "CPU ms, median",
        "95%",
        "ms, median",
        "95%",
        "CPU ms a validation case",
    ]
    return "**A ranking**\n\n" + table(columns, [row])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=int, default=100_000, help="the largest catalogue")
    parser.add_argument("--only", nargs="*", default=PARTS, choices=PARTS, help="these tables")
    asked = parser.parse_args()
    most: int = asked.products
    torch.set_num_threads(1)
    fixed = most // 5
    if "events" in asked.only:
        events = [Size(fixed, count, 5 * fixed) for count in (fixed // 2, fixed, 2 * fixed)]
        _say(growth("Events", events, "events"))
    if "triples" in asked.only:
        triples = [Size(fixed, fixed, count * fixed) for count in (5, 10, 20)]
        _say(growth("Triples", triples, "triples"))
    largest = shop(Size(most, 3 * most // 10, most // 5), config_of(SETTINGS))
    if "losses" in asked.only:
        smaller = [Size(count, 3 * most // 10, most // 5) for count in (most // 10, 3 * most // 10)]
        _say(losses([*(shop(size, config_of(SETTINGS)) for size in smaller), largest]))
    if "ranking" in asked.only:
        _say(latency(largest))
    print(f"{machine()}, one thread; largest resident size {peak_memory_mb():,.0f} MB")


def _say(text: str) -> None:
    print(text, end="\n\n", flush=True)


if __name__ == "__main__":
    main()
