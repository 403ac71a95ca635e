"""What smaller graphs save and cost: the curve over all strengths, every point expanded and compared with the whole.

python -m bench.compression --workspace .shelfgraph/workspaces/sample
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.common import machine, table, timed
from core.catalogue.store import Catalogue
from core.errors import DataError
from core.graph.compress import STRENGTHS, compress, expand, net_of, size_of
from core.graph.store import GraphStore
from core.recommend.compressed import Quality, prices
from core.recommend.data import Split, temporal_split
from core.recommend.source import interactions
from core.settings import settings
from core.storage.workspaces import Workspace


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=settings().workspaces / "sample")
    workspace = Workspace(parser.parse_args().workspace)
    products = list(Catalogue(workspace).products())
    whole = net_of(GraphStore(workspace).graph())
    split: Split | None = None
    try:
        split = temporal_split(interactions(workspace, products))
    except DataError as error:
        print(error.what)
    made, seconds = [], []
    for plan in STRENGTHS:
        with timed() as clock:
            made.append(compress(whole, plan))
        seconds.append(clock.seconds)
        assert expand(made[-1]) == whole
    with timed() as pricing:
        cost = prices([one.net for one in made], [p.id for p in products], [p.title for p in products], split)
    rows = []
    for place, (one, price, spent) in enumerate(zip(made, cost, seconds, strict=True)):
        size = size_of(one.net)
        steps = ", ".join(f"{s.operator} −{len(s.taken.facts)}+{len(s.put.facts)}" for s in one.steps)
        share = f"{size.facts:,} ({size.facts / len(whole.facts):.0%})"
        figures = [_told(price.ndcg), _told(price.search)]
        rows.append([place, f"{size.nodes:,}", share, f"{size.bytes / 1000:,.0f} kB", *figures, steps, spent])
    columns = [
        "strength",
        "nodes",
        "facts",
        "JSON",
        "NDCG@10 (change, 95%)",
        "search MRR (change, 95%)",
        "what",
        "s",
    ]
    print(table(columns, rows))
    print(f"\nPricing all of them {pricing.seconds:.1f} s. {machine()}")


def _told(quality: Quality | None) -> str:
    if quality is None:
        return "–"
    c = quality.change
    return f"{quality.value.mean:.4f} ({c.mean:+.4f}, {c.low:+.4f} to {c.high:+.4f}; n = {quality.n})"


if __name__ == "__main__":
    main()
