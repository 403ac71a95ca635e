"""The map of a graph of a million facts: communities, places, what a browser is sent, and looking around a node.

    OMP_NUM_THREADS=1 nice -n 10 python -m bench.map --products 100000

The graph is made here, without a log: products of 60 lines of goods, each with ten facts whose values are drawn by
Zipf's law from those of its line (mostly) or of all lines. Each fact has one assertion.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from unittest import mock

import numpy as np

from bench.common import Clock, machine, peak_memory_mb, table, timed
from core.domain import Fact, Ledger, Node, content_hash
from core.graph.atlas.drawing import drawing
from core.graph.atlas.survey import Survey, survey
from core.graph.atlas.survey_file import load, save
from core.graph.diff import diff
from core.graph.layout import layout
from core.graph.model import Graph, product_node
from core.graph.query import ego
from core.graph.structure.centrality import centrality
from core.graph.structure.communities import communities
from core.graph.structure.motifs import motifs
from core.graph.structure.network import network
from core.graph.structure.traits import traits
from core.graph.support import Arrival
from core.ontology import relation as relation_of

RELATIONS = (
    "brand",
    "category",
    "material",
    "color",
    "usedFor",
    "usedIn",
    "feature",
    "audience",
    "style",
    "solves",
)
LINES = 60
VALUES = 200_000

_Found = TypeVar("_Found")


def synthetic(products: int, seed: int = 7) -> Graph:
    """A graph of so many products with ten facts each."""
    rng = np.random.default_rng(seed)
    names = random.Random(seed)
    line = rng.integers(0, LINES, products)
    facts: dict[str, Fact] = {}
    nodes: dict[str, Node] = {}
    wide = max(VALUES * products // 100_000 // len(RELATIONS) // LINES, 12)
    for relation in RELATIONS:
        kind = relation_of(relation).node_type
        rank = np.minimum(rng.zipf(1.35, products) - 1, wide - 1)
        home = np.where(rng.random(products) < 0.85, line, rng.integers(0, LINES, products))
        sure = rng.uniform(0.5, 1.0, products)
        for k in range(products):
            subject, target = product_node(f"{k:07d}"), f"{kind.lower()}:{home[k]} {rank[k]}"
            key = content_hash(subject, relation, target)
            facts[key] = Fact(key, subject, relation, target, (key,), float(sure[k]))
            if target not in nodes:
                nodes[target] = Node(target, kind, f"{kind} {names.randrange(10**6)}")
    for k in range(products):
        nodes[product_node(f"{k:07d}")] = Node(
            product_node(f"{k:07d}"), "Product", f"Product {k} of line {line[k]}"
        )
    return Graph(
        nodes, facts, {}, {}, {}, Ledger(len(facts)), content_hash(str(products), str(seed)), len(facts)
    )


def grown(graph: Graph, share: float) -> Graph:
    """The graph with so much more of it: new products with the values of others."""
    facts, nodes = dict(graph.facts), dict(graph.nodes)
    products = [n for n in graph.nodes if n.startswith("product:")]
    like: dict[str, list[Fact]] = {}
    chosen = random.Random(1).sample(products, max(int(len(products) * share), 1))
    for fact in graph.facts.values():
        like.setdefault(fact.subject, []).append(fact)
    for node in chosen:
        twin = f"{node}-new"
        nodes[twin] = Node(twin, "Product", f"{graph.nodes[node].label}, new")
        for fact in like[node]:
            key = content_hash(twin, fact.relation, fact.object)
            facts[key] = Fact(key, twin, fact.relation, fact.object, (key,), fact.confidence)
    return Graph(
        nodes, facts, {}, {}, {}, Ledger(len(facts)), content_hash(graph.hash, str(share)), len(facts)
    )


@contextmanager
def both() -> Iterator[tuple[Clock, Clock]]:
    """Time the block by the wall and by the processor; on a machine that does other things too they differ."""
    cpu, began = Clock(), time.process_time()
    with timed() as wall:
        yield wall, cpu
    cpu.seconds = time.process_time() - began


def told(clock: Clock) -> str:
    """A time in its unit."""
    return f"{clock.seconds:.2f} s" if clock.seconds >= 1 else f"{clock.seconds * 1000:.0f} ms"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    arguments = parser.parse_args()
    rows: list[tuple[str, ...]] = []

    def step(name: str, call: Callable[[], _Found], note: Callable[[_Found], str] = lambda _: "") -> _Found:
        with both() as (wall, cpu):
            found = call()
        rows.append((name, told(wall), told(cpu), note(found)))
        print(rows[-1], flush=True)
        return found

    graph = synthetic(arguments.products)
    print(f"{len(graph.nodes):,} nodes, {len(graph.facts):,} facts", flush=True)
    arrived = {f: Arrival(k + 1, "shop" if k % 3 else "feed") for k, f in enumerate(graph.facts)}
    net = step("arrays of the graph", lambda: network(graph))
    found = step(
        "communities on two levels",
        lambda: communities(net),
        lambda c: f"({c.count}, modularity {c.modularity:.2f})",
    )
    step("what tells them apart", lambda: traits(net, found.of))
    step("PageRank, betweenness (sampled), degree", lambda: centrality(net))
    step("motifs", lambda: motifs(net))
    made = step("survey: all the map needs", lambda: survey(graph, arrived))
    more = grown(graph, 0.01)
    later = step("survey after growth by 1%", lambda: survey(more, arrived, made))
    rows.append(("nodes that moved, and how far", "", "", _moved(made, later)))
    step(
        "difference of the two versions",
        lambda: diff(graph, more),
        lambda d: f"({len(d.added):,} facts added)",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = save(Path(folder), made)
        step(
            "survey from its file",
            lambda: load(Path(folder), made.hash),
            lambda _: f"({path.stat().st_size / 1e6:.1f} MB)",
        )
    step("what a browser is sent, once", lambda: drawing(made), lambda d: f"({len(d) / 1e6:.1f} MB)")
    rows += page(graph, made)
    step("facts by node, once a version", lambda: len(more.by_node))
    nodes = random.Random(3).sample(sorted(graph.nodes), 60)
    hubs = sorted(graph.nodes, key=lambda n: (-len(graph.by_node[n]), n))[:20]
    for name, centers in (("any node", nodes), ("the 20 largest hubs", hubs)):
        pairs = []
        for center in centers:
            with both() as pair:
                layout(ego(graph, center, 2, cap=36))
            pairs.append(pair)
        for what, pick in (("median", statistics.median_low), ("worst", max)):
            wall, cpu = (Clock(pick(clock.seconds for clock in one)) for one in zip(*pairs, strict=True))
            rows.append((f"ego view with its places, {name}, {what}", told(wall), told(cpu), ""))
    print(f"\n{len(graph.nodes):,} nodes, {len(graph.facts):,} facts, seeds fixed\n")
    print(table(("step", "by the wall", "of the processor", ""), rows))
    print(f"\nPeak memory {peak_memory_mb():,.0f} MB. {machine()}")


def page(graph: Graph, made: Survey) -> list[tuple[str, ...]]:
    """The Map page's own script on this graph, its survey in a file: from frame to last element; no harness."""
    from streamlit.testing.v1 import AppTest

    from core.graph.atlas.surveyed import folder
    from core.settings import REPOSITORY, settings
    from core.storage.workspaces import Workspaces
    from core.ui import session, shell

    rows = []
    run_page, clocks = shell.run_page, []

    def clocked(name: str, render: shell.Render) -> None:
        with both() as pair:
            run_page(name, render)
        clocks.append(pair)

    with (
        tempfile.TemporaryDirectory() as home,
        mock.patch.dict(os.environ, {"SHELFGRAPH_HOME": home}),
        mock.patch.object(shell, "run_page", clocked),
        mock.patch.object(session, "cached_graph", return_value=graph),
    ):
        settings.cache_clear()
        workspace = Workspaces(settings().workspaces).create("bench", "bench")
        save(folder(workspace), made)
        for name, params in (
            ("Map page, first opening", {}),
            ("Map page, again", {}),
            ("Map page, a community opened", {"c": "0"}),
            ("Map page, a first search", {"q": "Material 77"}),
            ("Map page, a further search", {"q": "Style 12"}),
            ("Map page, coloured by source", {"by": "source"}),
            ("Map page, structure", {"view": "structure"}),
        ):
            test = AppTest.from_file(str(REPOSITORY / "pages" / "map.py"), default_timeout=120)
            for key, value in {"w": workspace.info.id, "lang": "en", **params}.items():
                test.query_params[key] = value
            test.run()
            assert not test.exception, test.exception
            rows.append((name, *(told(clock) for clock in clocks[-1]), ""))
            print(rows[-1], flush=True)
    settings.cache_clear()
    return rows


def _moved(before: Survey, after: Survey) -> str:
    old, new = before.atlas.places(), after.atlas.places()
    where = np.array([after.index[node] for node in before.atlas.ids])
    distance = np.hypot(*(new[where] - old).T)
    extent = float(np.ptp(old, axis=0).max())
    return f"{(distance > 0.01).mean():.1%} of nodes, {distance.mean() / extent:.3%} of the map's width"


if __name__ == "__main__":
    main()
