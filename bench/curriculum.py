"""What the shipped span reader learns, in two parts: composed text, then titles of oa_mine and the sample's gold.

The reader after the first part has seen nothing but text of the project's own: readings of oa_mine are taught on from
there, so that they are judged fairly. It is kept under SHELFGRAPH_HOME/bench.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.datasets import load
from core.extract import schema, shipped, span_reader
from core.extract.methods import query
from core.extract.query import Query
from core.extract.reworded import reworded
from core.extract.span_reader import SpanReader, SpanReaderConfig
from core.extract.synthetic import generate
from core.extract.tokens import has_cjk
from core.settings import settings

SEED = 7


@dataclass(frozen=True, slots=True)
class Composed:
    """So many composed texts, a share of ``bodies`` with descriptions, and how they are learned."""

    texts: int
    bodies: float
    config: SpanReaderConfig


COMPOSED = (
    Composed(3_000, 0.55, SpanReaderConfig(epochs=2, seed=SEED)),
    Composed(16_000, 0.12, SpanReaderConfig(epochs=1, batch=8, rate=2e-4, head_rate=7e-4, seed=11)),
)
AGAIN = Composed(1_500, 0.15, SpanReaderConfig(epochs=2, seed=12))


def composed() -> SpanReader:
    """The reader after the first part; from the cache or by training."""
    folder = cache() / "composed"
    if not folder.is_dir():
        reader = None
        for part in COMPOSED:
            texts = generate(part.texts, part.config.seed, part.bodies)
            reader = trained(texts, part.config, reader, remember=False)
        assert reader is not None
        reader.save(folder)
    return SpanReader.load(folder)


def second_part(without: str = "") -> list[Query]:
    """The second part; ``without`` leaves a category of oa_mine out."""
    drawn = random.Random(SEED)
    items, asked = load("oa_mine")
    titles = [query(item, asked, gold=True) for item in items if item.category != without]
    made = [
        *(reworded(title, drawn) for title in titles),
        *generate(AGAIN.texts, AGAIN.config.seed, AGAIN.bodies),
        *_sample(),
    ]
    drawn.shuffle(made)
    return made


def _sample() -> list[Query]:
    found = []
    for example in shipped.read_gold():
        if example.kind == "text" and not has_cjk(example.text):
            attributes = schema.default().attributes(example.category)
            wording = {a.relation: f"{a.named('en')}: {a.described('en')}" for a in attributes}
            found.append(Query(example.text, example.category, wording, example.spans))
    return found


def trained(
    queries: Sequence[Query], config: SpanReaderConfig, start: SpanReader | None, *, remember: bool = True
) -> SpanReader:
    """Train with the progress on standard output."""

    def told(done: int, of: int, value: float) -> None:
        print(f"  epoch {done}/{of} loss {value:.2f}", flush=True)

    return span_reader.train(queries, config, start, told, remember=remember)


def cache() -> Path:
    """Where readers and readings are kept."""
    folder = settings().home / "bench" / "shipped_reader"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
