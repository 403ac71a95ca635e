"""Single parts of the chain on a workspace whose chain has been run: exact Shapley values, first fact of a build.

    python -m core demo --workspace .shelfgraph/workspaces/demo
    python -m bench.parts --workspace .shelfgraph/workspaces/demo

Shapley values are taken of the first recommendation of forty shoppers; a build is that of the sample,
timed from its start to its first facts, in a fresh process and in one that has the models loaded.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from bench.common import machine, table, timed
from core.settings import settings
from core.storage.workspaces import Workspace, Workspaces

SHOPPERS = 40


def shapley(workspace: Workspace) -> list[tuple[str, str, str]]:
    """Median and worst time, and the largest additivity error."""
    from core.explain.reference import Reference, some_shoppers
    from core.explain.shapley import attribute
    from core.recommend.artefact import load
    from core.recommend.source import read_histories

    model, histories = load(workspace), read_histories(workspace)
    reference = Reference(shoppers=some_shoppers(histories))
    seconds, errors = [], []
    for shopper in sorted(histories)[:SHOPPERS]:
        history = histories[shopper]
        product = model.recommend(history, 1)[0].product_id
        with timed() as clock:
            found = attribute(model, history, product, reference)
        seconds.append(clock.seconds)
        errors.append(found.additivity_error)
    name = f"exact Shapley values, {len(model.groups)} groups"
    return [
        (name, f"{statistics.median(seconds):.3f} s", f"worst {max(seconds):.3f} s"),
        ("additivity error", f"{max(errors):.1e}", "largest of all"),
    ]


def first_fact() -> list[tuple[str, str, str]]:
    """From the start of a build to its first fact that stands."""
    from core.jobs import JobEvent, run_inline
    from core.stages import REGISTRY

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        shops = Workspaces(Path(folder))
        for name in ("first in its process", "warm"):
            workspace = shops.create(name)
            from core.catalogue.sample_data import load_sample

            load_sample(workspace)
            seen: list[float] = []

            def heard(event: JobEvent, seen: list[float] = seen) -> None:
                if event.kind == "facts" and event.data["items"]:
                    seen.append(time.perf_counter())

            began = time.perf_counter()
            run_inline(workspace, "build", REGISTRY, {"n_products": 24}, heard)
            rows.append(
                (
                    f"first fact of a build, {name}",
                    f"{seen[0] - began:.2f} s",
                    "24 products, no language model",
                )
            )
            workspace.close()
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=settings().workspaces / "demo")
    workspace = Workspace(parser.parse_args().workspace)
    print(table(("part", "figure", "remark"), [*shapley(workspace), *first_fact()]))
    print(machine())


if __name__ == "__main__":
    main()
