"""ShelfGraph, with the graph it reads itself, against the ItemKNN + text that the data sets were measured with.

    python -m bench.reference                                    amazon_office and amazon_industrial, three seeds
    python -m bench.reference --sets amazon_office --seeds 1

With the data come figures and no settings. The reference here counts all of a history alike, shrinks by 5 and takes
three tenths of its similarity from the words of titles and descriptions: of the few settings tried those that give
what is given, NDCG@10 .1112 and .0896 on the dev tests for .111 and .089. The network's figures are means over seeds
of the same shoppers, the intervals are paired over shoppers.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from bench.common import machine, table
from core.recommend.baselines import fit
from core.recommend.config import PRESETS, GraphKind
from core.recommend.experiment import tested
from core.recommend.files import read_benchmark
from core.recommend.measure import Measured, evaluate
from core.recommend.prepare import Prepared, prepare, regraphed
from core.recommend.significance import bootstrap
from core.recommend.train import Trainer
from core.settings import settings
from core.stages.read_items import read_facts

SETS = ("amazon_office", "amazon_industrial")
REFERENCE = {"shrink": 5.0, "share": 0.3, "decay": 1.0}
METRICS = ("hr@10", "ndcg@10")


def rows(name: str, preset: str, seeds: int) -> list[list[object]]:
    """The reference, the best baseline and the network, with and without the graph, on one set."""
    folder = settings().data / name
    parts = [folder / "dev" / f"{part}.parquet" for part in ("train", "valid", "test")]
    bench = read_benchmark(folder / "items.parquet", *parts, None)
    split, facts = bench.split, read_facts(bench.products)
    print(f"{name}: {sum(map(len, facts.values()))} facts read", flush=True)
    prepared = prepare(split, bench.products, facts, PRESETS[preset])
    fixed = fit("itemknn_text", split.known, REFERENCE, prepared.similarity)
    reference = evaluate(fixed.score, split.test, split.known.counts)
    best = evaluate(prepared.refitted().score, split.test, split.known.counts)
    made = [
        _line("reference", [reference], reference),
        _line(f"{prepared.best.name}, tuned", [best], reference),
    ]
    for kind, told in ((GraphKind.NONE, "network without the graph"), (GraphKind.REAL, "ShelfGraph")):
        runs = [_trained(prepared, preset, kind, seed) for seed in range(seeds)]
        made.append(_line(told, runs, reference))
        print(made[-1], flush=True)
    return [[name, *row] for row in made]


def _trained(prepared: Prepared, preset: str, kind: GraphKind, seed: int) -> Measured:
    config = PRESETS[preset].model_copy(update={"seed": seed, "graph": kind, "certificate": False})
    own = replace(regraphed(prepared, kind, seed), seed=seed)
    trained = Trainer(own, config).run()
    return tested(own, trained.network, trained.mix, trained.average, prepared.refitted())


def _line(told: str, runs: list[Measured], reference: Measured) -> list[object]:
    cells: list[object] = [told]
    for metric in METRICS:
        values = np.mean([run.per_case[metric] for run in runs], axis=0)
        gap = bootstrap(values - reference.per_case[metric])
        cells += [float(values.mean()), f"{gap.mean:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"]
    cold = np.mean([run.segments["cold_item"] for run in runs], axis=0)
    return [*cells, float(np.nanmean(cold))]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--preset", choices=list(PRESETS), default="quick")
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    made = [row for name in asked.sets for row in rows(name, asked.preset, asked.seeds)]
    columns = ["set", "model", "HR@10", "less reference", "NDCG@10", "less reference", "cold products"]
    print(table(columns, made))
    print(f"{asked.preset}, {asked.seeds} seeds; {machine()}")


if __name__ == "__main__":
    main()
