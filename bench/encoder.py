"""The ways to tune the text encoder, side by side: weights, memory, time, perplexity, and text kNN with the vectors.

python -m bench.encoder --workspace .shelfgraph/workspaces/sample --seeds 3
python -m bench.encoder --data amazon_office --products 400 --seeds 3 --kinds frozen lora full --set epochs=2

Everything is chosen on validation; the test is looked at once for each encoder. Of a data set the products with most
training events are taken, and of its events those with them. The seed decides batches, masks and first weights,
not the data: the interval is over shoppers, of the mean over seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.common import machine, table, timed
from core.catalogue.store import Catalogue
from core.llm.backbone import Backbone
from core.llm.encoder_kinds import EncoderKind
from core.llm.files import SENTENCES
from core.recommend.baselines import text_similarity
from core.recommend.data import Interactions, Split, published_split, split
from core.recommend.files import read_benchmark
from core.recommend.significance import bootstrap
from core.recommend.source import interactions
from core.recommend.text import product_text, unit
from core.recommend.tuning.config import PRESETS, TuneConfig, config_of
from core.recommend.tuning.pairs import Pairs
from core.recommend.tuning.phases import Material
from core.recommend.tuning.quality import Quality, measured, validated
from core.recommend.tuning.trainer import Trained, Tuner
from core.settings import settings
from core.storage.workspaces import Workspace

Ground = tuple[list[str], Split]


def of_workspace(folder: Path) -> Ground:
    """The texts of a workspace's products, and its temporal split."""
    workspace = Workspace(folder)
    products = list(Catalogue(workspace).products())
    return [product_text(product) for product in products], split(interactions(workspace, products))


def of_data(name: str, most: int) -> Ground:
    """The texts of a data set's most taken products, and the published split of the events with them."""
    folder = settings().data / name
    parts = [folder / "dev" / f"{part}.parquet" for part in ("train", "valid", "test")]
    found = read_benchmark(folder / "items.parquet", *parts, None)
    kept = np.sort(np.argsort(-found.split.train.counts, kind="stable")[:most])
    names = [found.products[row].id for row in kept]
    chosen = set(names)
    rows = {
        part: [row for row in _rows(found.split, part) if row[1] in chosen]
        for part in ("train", "valid", "test")
    }
    cut = published_split(rows["train"], rows["valid"], rows["test"], names)
    return [product_text(found.products[row]) for row in kept], cut


def _rows(cut: Split, part: str) -> list[tuple[str, str, float]]:
    train: Interactions = cut.train
    if part == "train":
        columns = zip(train.shopper, train.product, train.time, strict=True)
        return [(train.shoppers[s], train.products[p], float(t)) for s, p, t in columns]
    cases, time = (cut.valid, 1e8) if part == "valid" else (cut.test, 1e9)
    return [
        (train.shoppers[shopper], train.products[product], time)
        for shopper, taken in zip(cases.shopper, cases.targets, strict=True)
        for product in taken
    ]


def tuned(ground: Ground, base: str, config: TuneConfig) -> tuple[Trained, Quality, Quality, float]:
    """What one tuning gives: its record, quality on validation and on the test, and its seconds."""
    texts, cut = ground
    with timed() as clock:
        tuner = Tuner(
            Backbone(base),
            Material(texts, Pairs.of(cut.train, config.window)),
            config,
            lambda v: validated(v, cut),
        )
        trained = tuner.run()
    vectors = tuner.backbone.encode(texts)
    valid = validated(vectors, cut)
    test = measured(text_similarity(unit(vectors)), {"decay": valid.decay}, cut.known, cut.test)
    return trained, valid, test, clock.seconds


def line(kind: str, runs: Sequence[tuple[Trained, Quality, Quality, float]], frozen: Quality) -> list[object]:
    """A row of the table: means over seeds."""
    first = runs[0][0]
    change = bootstrap(_mean([run[2].per_case for run in runs]) - frozen.per_case)
    perplexity = [run[0].perplexity for run in runs if run[0].perplexity[1] is not None]
    told = "–"
    if perplexity:
        told = " → ".join(f"{np.mean([one[at] for one in perplexity]):.1f}" for at in (0, 1))
    share = first.counts["parameters"] / first.counts["all_parameters"]
    memory = [max((step.memory_mb for step in run[0].steps), default=float("nan")) for run in runs]
    return [
        kind,
        f"{first.counts['parameters']:,}",
        f"{share:.2%}",
        f"{np.mean(memory):,.0f}",
        float(np.mean([run[3] for run in runs])),
        told,
        float(np.mean([run[1].ndcg for run in runs])),
        float(np.mean([run[2].ndcg for run in runs])),
        f"{change.mean:+.4f} ({change.low:+.4f} to {change.high:+.4f})",
        float(np.mean([run[2].hr for run in runs])),
    ]


def _mean(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.asarray(np.mean(values, axis=0), np.float64)


def main() -> None:
    """Print a line a kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--workspace", type=Path)
    source.add_argument("--data", metavar="NAME")
    parser.add_argument("--products", type=int, default=400)
    parser.add_argument("--base", default=SENTENCES)
    parser.add_argument("--preset", default="quick", choices=list(PRESETS))
    parser.add_argument("--kinds", nargs="+", default=[kind.value for kind in EncoderKind])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    ground = of_workspace(given.workspace) if given.workspace else of_data(given.data, given.products)
    texts, cut = ground
    print(f"{len(texts)} products, {len(cut.train)} training events, {len(cut.valid)} validation and "
          f"{len(cut.test)} test cases", flush=True)  # fmt: skip
    changes: dict[str, Any] = dict(setting.split("=", 1) for setting in given.set)
    rows: list[list[object]] = []
    frozen: Quality | None = None
    for kind in sorted(given.kinds, key=lambda one: one != "frozen"):
        runs = []
        for seed in range(1 if kind == "frozen" else given.seeds):
            plain = PRESETS[given.preset].model_dump(mode="json")
            runs.append(
                tuned(ground, given.base, config_of({**plain, **changes, "kind": kind, "seed": seed}))
            )
            told = runs[-1]
            print(f"{kind} {seed}: {told[1].ndcg:.4f} {told[2].ndcg:.4f} {told[3]:.0f} s", flush=True)
        frozen = frozen or runs[0][2]
        rows.append(line(kind, runs, frozen))
    names = ["kind", "weights", "share", "MB", "s", "perplexity", "NDCG@10 valid", "NDCG@10 test"]
    print(table([*names, "change on test (95%)", "HR@10 test"], rows))
    print(f"{given.base}, {given.preset}, {given.seeds} seeds; {machine()}")


if __name__ == "__main__":
    main()
