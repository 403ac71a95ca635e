"""A graph of a million assertions: what each thing that people do with it costs.

    python -m bench.million                       100,000 products, 1,000,000 assertions
    python -m bench.million --products 10000      a tenth of it

Each figure is taken in a process of its own that opens the workspace from disk, as a fresh server would. The peer is
what a builder without a log has to do after any change: make its graph anew from all assertions (the first row).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bench.common import machine, peak_memory_mb, table, timed
from core.catalogue.item_writer import document_row
from core.catalogue.store import Catalogue
from core.domain import Assertion, Document, DocumentKind
from core.graph.log import Log
from core.graph.query import ego, starting_node
from core.graph.store import GraphStore
from core.storage import tables
from core.storage.workspaces import Workspace, Workspaces

SEED = 5
RELATIONS: Mapping[str, int] = {
    "brand": 4_000,
    "category": 300,
    "material": 400,
    "color": 200,
    "usedFor": 3_000,
    "audience": 60,
    "feature": 20_000,
    "capacity": 900,
    "style": 700,
    "scent": 500,
}
"""Relation → how many values it has; their frequencies fall like those of words (Zipf)."""
BATCH = 20_000
SOURCES = 10


def documents(products: int) -> Iterator[tuple[Document, list[Assertion]]]:
    """One text a product with ten facts in it."""
    drawn = random.Random(SEED)
    for number in range(products):
        values = {name: _value(drawn, name, many) for name, many in RELATIONS.items()}
        yield _product(number, values)


def _value(drawn: random.Random, relation: str, many: int) -> str:
    rank = min(int(drawn.paretovariate(0.8)), many)
    return f"{rank} ml" if relation == "capacity" else f"{relation} {rank}"


def _product(number: int, values: Mapping[str, str]) -> tuple[Document, list[Assertion]]:
    name, source = f"p{number}", f"s{number % SOURCES}"
    text = f"Product {number}: " + ", ".join(values.values())
    document = Document.of(
        f"{name}/description", name, "description", DocumentKind.TEXT, text, language="en", source_id=source
    )
    found, at = [], len(f"Product {number}: ")
    for relation, value in values.items():
        found.append(
            Assertion.of(
                document,
                relation,
                at,
                at + len(value),
                extractor="tagger",
                extractor_version="1",
                schema_version="s",
                confidence=0.9,
            )
        )
        at += len(value) + 2
    return document, found


def build(workspace: Workspace, products: int) -> float:
    """Fill a workspace; returns the seconds that the log took."""
    now = time.time()
    with workspace.db.write() as writer:
        writer.execute(
            insert(tables.sources),
            [
                {
                    "id": f"s{k}",
                    "kind": "products",
                    "name": f"s{k}",
                    "origin": "upload",
                    "content_hash": "",
                    "mapping": {"columns": {"kind": "products", "fields": {"id": "id", "title": "title"}}},
                    "imported_at": now,
                }
                for k in range(SOURCES)
            ],
        )
    spent = 0.0
    waiting: list[tuple[Document, list[Assertion]]] = []
    for made in documents(products):
        waiting.append(made)
        if len(waiting) * len(RELATIONS) >= BATCH:
            spent += _flush(workspace, waiting, now)
            waiting = []
    return spent + _flush(workspace, waiting, now)


def _flush(workspace: Workspace, made: list[tuple[Document, list[Assertion]]], now: float) -> float:
    if not made:
        return 0.0
    with workspace.db.write() as writer:
        writer.execute(insert(tables.products), [_row(document, now) for document, _ in made])
        writer.execute(insert(tables.documents), [document_row(document) for document, _ in made])
    with timed() as clock:
        Log(workspace).append([assertion for _, found in made for assertion in found])
    return clock.seconds


def _row(document: Document, now: float) -> dict[str, Any]:
    return {
        "id": document.product_id,
        "source_id": document.source_id,
        "title": document.text[:40],
        "attributes": {},
        "row_hash": document.hash,
        "updated_at": now,
    }


def measure(folder: Path) -> dict[str, float]:
    """Open, look around, add, take away; seconds and MB."""
    workspace = Workspace(folder)
    store = GraphStore(workspace)
    figures: dict[str, float] = {}
    with timed() as clock:
        graph = store.graph()
    figures["fold"], figures["fold_cpu"] = clock.seconds, clock.cpu
    figures["memory"] = peak_memory_mb()
    figures["facts"] = len(graph.facts)
    center = starting_node(graph) or ""
    with timed() as clock:
        ego(graph, center, 2, cap=60)
    figures["ego_first"], figures["ego_first_cpu"] = clock.seconds, clock.cpu
    product = next(node for node in graph.nodes if node.startswith("product:"))
    with timed() as clock:
        ego(graph, product, 2, cap=60)
    figures["ego"], figures["ego_cpu"] = clock.seconds, clock.cpu
    before = graph.hash
    new = [_product(10_000_000 + k, {r: f"{r} new {k}" for r in RELATIONS}) for k in range(100)]
    with workspace.db.write() as writer:
        writer.execute(insert(tables.documents), [document_row(document) for document, _ in new])
    with timed() as clock:
        Log(workspace).append([assertion for _, found in new for assertion in found])
        graph = store.graph()
    figures["append"], figures["append_cpu"] = clock.seconds, clock.cpu
    with timed() as clock:
        ego(graph, product, 2, cap=60)
    figures["ego_after"], figures["ego_after_cpu"] = clock.seconds, clock.cpu
    Log(workspace).retract([a.id for _, found in new for a in found], "bench")
    assert store.graph().hash == before, "what is taken away leaves a trace"
    with timed() as clock:
        Catalogue(workspace).delete_source("s3")
        Log(workspace).reconcile()
        graph = store.graph()
    figures["delete"], figures["delete_cpu"] = clock.seconds, clock.cpu
    figures["facts_after"] = len(graph.facts)
    figures["peak"] = peak_memory_mb()
    return figures


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="keep the workspace here, and use it again")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.folder or Path(scratch)
        if not (root / "million").is_dir():
            workspace = Workspaces(root).create("Million", "million")
            spent = build(workspace, arguments.products)
            print(f"{arguments.products * len(RELATIONS) / spent:,.0f} assertions a second into the log")
            workspace.close()
        copied = Path(scratch) / "copy"
        subprocess.run(["cp", "-r", str(root / "million"), str(copied)], check=True)
        command = [sys.executable, "-m", "bench.million", "--measure", str(copied)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        _print(json.loads(done.stdout.splitlines()[-1]))


def _print(figures: Mapping[str, float]) -> None:
    notes = {
        "fold": f"{figures['facts']:,.0f} facts, {figures['memory']:,.0f} MB",
        "delete": f"{figures['facts_after']:,.0f} facts left",
    }
    rows = [
        [name, figures[key], figures[f"{key}_cpu"], notes.get(key, "")]
        for key, name in (
            ("fold", "fold from disk"),
            ("ego_first", "look around a value: 60 nodes, two steps"),
            ("ego", "look around a product: 60 nodes, two steps"),
            ("append", "append 1,000 assertions, graph up to date"),
            ("ego_after", "look around the product after that"),
            ("delete", "delete a source with a tenth of all, graph up to date"),
        )
    ]
    print(table(["what", "seconds", "of the processor", ""], rows))
    print(f"\nat most {figures['peak']:,.0f} MB; {machine()}")


if __name__ == "__main__":
    main()
