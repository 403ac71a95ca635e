"""The whole chain through the command line, timed by stage, with the largest resident memory.

    python -m bench.chain demo
    python -m bench.chain office --data FOLDER [--llm-products 100] [--seeds 3]

``demo`` is ``python -m core demo`` on the shipped sample. ``office`` is the same chain on a benchmark in
leave-one-out form (items, train, valid, test as Parquet): the tagger reads all products, the language model some, and
every training is tested on each shopper's last product, ranked among all products, with those seen left out.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.common import machine, peak_memory_mb, table, timed
from core.settings import REPOSITORY

MODELS = ("shelfgraph", "popularity", "itemknn", "rp3beta", "text_knn", "ease", "bpr")


def command(*arguments: str) -> dict[str, Any]:
    """What ``python -m core`` says in JSON; its own log goes on to stderr."""
    line = [sys.executable, "-m", "core", *arguments, "--json"]
    # The home of a workspace's models is the repository's, wherever the workspace lies.
    done = subprocess.run(line, cwd=REPOSITORY, env=os.environ, stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def quality(models: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row per model: NDCG@10 with interval, hit rate, share of the catalogue that is shown."""
    known = [name for name in MODELS if name in models]
    rest = sorted(name for name in models if name not in MODELS)
    return [
        (
            name,
            f"{figures['ndcg@10']:.4f} [{figures['low']:.4f}, {figures['high']:.4f}]",
            f"{figures['hr@10']:.4f}",
            f"{figures['coverage']:.2f}",
        )
        for name, figures in ((name, models[name]) for name in (*known, *rest))
    ]


def build_rows(build: dict[str, Any]) -> list[tuple[str, str, str]]:
    """A row per step of the build: products and seconds."""
    return [
        (f"build: {name}", f"{step['seconds']:.1f}", f"{step['products']:,.0f} products")
        for name, step in build["steps"].items()
    ]


def demo(folder: Path) -> None:
    """The demo to its end."""
    with timed() as clock:
        found = command("demo", "--workspace", str(folder / "demo"))
    ledger = found["build"]["ledger"]
    rows = [
        *build_rows(found["build"]),
        ("all", f"{clock.seconds:.1f}", f"{found['build']['facts']:,} facts, {peak(children=True)}"),
    ]
    print(table(("stage", "seconds", "what"), rows))
    print(f"\nledger: {ledger}\n")
    print(table(("model", "NDCG@10", "HR@10", "coverage"), quality(found["train"]["models"])))


def office(folder: Path, data: Path, llm_products: int, seeds: int, preset: str) -> None:
    """The chain on real input."""
    from core.catalogue.opendata.leave_one_out import load_leave_one_out
    from core.storage.workspaces import Workspaces

    workspace = Workspaces(folder).create(data.name)
    with timed() as clock:
        loaded = load_leave_one_out(workspace, data)
    rows = [("import", f"{clock.seconds:.1f}", f"{loaded.items.added:,} products; {peak()}")]
    place = str(workspace.folder)
    from core.llm.registry import available

    model = available()[0].id
    with timed() as clock:
        build = command(
            "extract", "--workspace", place, "--model", model, "--llm-products", str(llm_products)
        )
    rows += build_rows(build)
    rows.append(("build: all", f"{clock.seconds:.1f}", f"{build['facts']:,} facts; {peak(children=True)}"))
    results = []
    for seed in range(seeds):
        with timed() as clock:
            settings = ["split=leave_one_out", f"seed={seed}"]
            run = command("train", "--workspace", place, "--preset", preset, "--set", *settings)
        rows.append((f"train, seed {seed}", f"{clock.seconds:.1f}", f"{preset}; {peak(children=True)}"))
        results += [(str(seed), *row) for row in quality(run["models"])]
    print(table(("stage", "seconds", "what"), rows))
    print(f"\nledger: {build['ledger']}\n")
    print(table(("seed", "model", "NDCG@10", "HR@10", "coverage"), results))


def peak(*, children: bool = False) -> str:
    """The largest resident size so far, in words."""
    return f"{peak_memory_mb(children=children):,.0f} MB at most"


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("chain", choices=("demo", "office"))
    arguments.add_argument("--data", type=Path)
    arguments.add_argument("--llm-products", type=int, default=100)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--preset", default="balanced")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.chain == "demo":
            demo(Path(folder))
        elif given.data is None:
            arguments.error("office needs --data, the folder with items.parquet")
        else:
            office(Path(folder), given.data.resolve(), given.llm_products, given.seeds, given.preset)
    print(machine())


if __name__ == "__main__":
    main()
