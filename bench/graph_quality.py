"""How well missing facts are predicted, how far the probabilities go, and how long a check takes.

python -m bench.graph_quality --workspace .shelfgraph/workspaces/sample
python -m bench.graph_quality --shapes 1000 3000 10000 30000      # pyshacl on composed graphs of so many facts
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bench.common import machine, peak_memory_mb, table, timed
from core.domain import Fact, Node, content_hash
from core.extract.schema import default
from core.graph.embedding import EmbeddingConfig, ScorerKind, Triples, divided, train
from core.graph.embedding.measure import by_frequency, ranks
from core.graph.embedding.predict import predict
from core.graph.model import Graph, Ledger, Policy
from core.graph.quality import Catalogued, QualityConfig, check
from core.graph.store import GraphStore
from core.recommend.significance import bootstrap
from core.settings import settings
from core.storage.workspaces import Workspace

SEEDS = (0, 1, 2)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=settings().workspaces / "sample")
    parser.add_argument("--shapes", type=int, nargs="*", default=[])
    arguments = parser.parse_args()
    if arguments.shapes:
        print(_shapes(arguments.shapes))
    else:
        facts = list(GraphStore(Workspace(arguments.workspace)).graph().facts.values())
        print(f"{len(facts):,} facts, 10% to stop on, 10% to measure on, seeds {SEEDS}\n")
        print(_links(facts))
        print()
        print(_probabilities(facts))
    print(f"\n{machine()}, peak {peak_memory_mb():.0f} MB")


def _links(facts: list[Fact]) -> str:
    """Filtered ranks among the values of the relation: each scorer against frequency, facts of all seeds together."""
    whole = Triples.of(facts)
    parts = [divided(whole, seed=seed) for seed in SEEDS]
    base = np.concatenate([ranks(by_frequency(p.train), p.test, whole) for p in parts])
    rows = [["frequency", *_figures(base), "", 0.0]]
    for kind in ScorerKind:
        found, seconds = [], []
        for seed, part in zip(SEEDS, parts, strict=True):
            with timed() as clock:
                made = train(part.train, EmbeddingConfig(scorer=kind, seed=seed), part.valid)
            seconds.append(clock.seconds)
            found.append(ranks(made.table, part.test, whole))
        mine = np.concatenate(found)
        change = bootstrap(1.0 / mine - 1.0 / base)
        interval = f"{change.mean:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
        rows.append([kind.value, *_figures(mine), interval, float(np.mean(seconds))])
    return table(["", "MRR", "hits@1", "hits@3", "hits@10", "MRR − frequency, 95%", "s"], rows)


def _figures(found: np.ndarray) -> list[str]:
    shares = [(found <= k).mean() for k in (1, 3, 10)]
    return [f"{value:.3f}" for value in ((1.0 / found).mean(), *shares)]


def _probabilities(facts: list[Fact]) -> str:
    """Probabilities of candidates against what was hidden, for each seed."""
    rows = []
    for seed in SEEDS:
        with timed() as clock:
            made = predict(facts, EmbeddingConfig(seed=seed), single_valued=Policy().single_valued)
        told = made.reliability
        tenths = ", ".join(
            f"{p:.2f}→{q:.2f} ({n:,})" for p, q, n in zip(told.expected, told.found, told.counts, strict=True)
        )
        rows.append([seed, f"{told.error:.4f}", f"{told.brier:.4f}", tenths, clock.seconds])
    return table(["seed", "ECE", "Brier", "given → found (candidates)", "s"], rows)


def _shapes(sizes: list[int]) -> str:
    """Seconds of the shapes alone, all facts held against them, on shops of twelve facts a product."""
    rows = []
    for size in sizes:
        graph, categories = _composed(size)
        config = QualityConfig(shapes_facts=max(size, 100))
        with timed() as clock:
            report = check(graph, Catalogued(categories, default()), config)
        scope = report.scope
        rest = clock.seconds - scope.seconds
        rows.append(
            [scope.facts, scope.subjects, scope.shapes, scope.seconds, scope.facts / scope.seconds, rest]
        )
    return table(["facts", "products", "shapes", "pyshacl s", "facts/s", "other checks s"], rows)


def _composed(size: int) -> tuple[Graph, dict[str, str]]:
    """A graph of so many facts over the shipped schema, values drawn with a long tail."""
    random = np.random.default_rng(0)
    relations = [a for a in default().every if a.value_type in ("text", "name")][:9]
    nodes: dict[str, Node] = {}
    facts: dict[str, Fact] = {}
    categories: dict[str, str] = {}
    shelves = ("Kitchen", "Audio", "Outdoor", "Desk")
    for number in range(size // 12):
        subject = f"product:{number}"
        nodes[subject] = Node(subject, "Product", f"Product {number}")
        categories[subject] = shelves[number % 4]
        claims = [(a.relation, f"{a.relation} {int(random.zipf(1.3)) % 500}") for a in relations]
        claims += [
            ("weight", f"{random.integers(50, 900)} g"),
            ("capacity", f"{random.integers(1, 40) * 50} ml"),
        ]
        claims.append(("feature", f"extra {number % 97}"))
        for relation, words in claims:
            node = f"{relation}:{words}"
            nodes.setdefault(node, Node(node, relation, words))
            fact = Fact(content_hash(subject, relation, node), subject, relation, node, ("a",), 0.9)
            facts[fact.id] = fact
    return Graph(nodes, facts, {}, {}, {}, Ledger(committed=len(facts)), f"composed-{size}"), categories


if __name__ == "__main__":
    main()
