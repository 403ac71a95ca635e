"""Formats of the graph: seconds of the processor out and in, bytes, memory, and whether the same hash comes back.

nice -n 10 python -m bench.exchange --workspace .shelfgraph/workspaces/sample
nice -n 10 python -m bench.exchange --assertions 100000
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from bench.common import machine, peak_memory_mb, table
from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry, canonical_json
from core.graph.exchange.collect import collect
from core.graph.exchange.formats import FORMATS, Format
from core.graph.exchange.model import (
    Archive,
    DocumentRecord,
    EntryRecord,
    Header,
    Package,
    ProductRecord,
    SourceRecord,
)
from core.graph.exchange.restore import bring_in
from core.graph.fold import fold
from core.graph.model import Title
from core.graph.pattern_match import index_of, match
from core.graph.sparql import ask
from core.storage.workspaces import Workspace, Workspaces

RELATIONS = ("material", "color", "usedFor", "feature", "brand")


def synthetic(count: int) -> Package:
    """A graph of ``count`` assertions: ten a product, two readers each, 2,000 values a relation."""
    products, documents, assertions = [], [], []
    for number in range(count // 10):
        words = [f"value {(number * 7 + k * 131) % 2_000}" for k in range(5)]
        text = f"Product {number} of our shop: " + ", ".join(words) + ". 好用的商品，品质可靠。"
        name = f"p{number}"
        made = Document.of(f"{name}/description", name, "description", DocumentKind.TEXT, text, source_id="s")
        products.append(ProductRecord(name, "s", f"Product {number}", text, None, "things", 9.5, "EUR", "{}"))
        documents.append(DocumentRecord(made.id, made.hash, name, made.field, "text", text, "en", "s", True))
        for relation, word in zip(RELATIONS, words, strict=True):
            start = text.index(word)
            for reader, sure in (("tagger", 0.7), ("llm", 0.8)):
                assertions.append(
                    Assertion.of(
                        made,
                        relation,
                        start,
                        start + len(word),
                        extractor=reader,
                        extractor_version="1",
                        schema_version="s1",
                        confidence=sure,
                    )
                )
    log = [
        LogEntry(EntryKind.ASSERTED, a.id, {}, a.extractor, 1.7e9, "job", k)
        for k, a in enumerate(assertions, 1)
    ]
    graph = fold(assertions, log, {p.id: Title(p.title) for p in products})
    archive = Archive(
        Header("Synthetic", graph.hash, len(log)),
        (
            SourceRecord(
                "s", "products", "s.csv", "upload", "h", canonical_json({"columns": _MAPPING}), 1.0, 0, 0, 0
            ),
        ),
        tuple(products),
        (),
        tuple(documents),
        tuple(assertions),
        tuple(EntryRecord(e.seq, e.kind.value, e.target, "{}", e.actor, e.time, e.job_id) for e in log),
    )
    return Package(archive.ordered(), graph)


_MAPPING = {"kind": "products", "fields": {"id": "id", "title": "title"}}


def measure(package: Package, form: Format, folder: Path) -> tuple[float, float, float, int, bool]:
    """(seconds out, seconds to read, seconds to check and store, bytes, same hash) of one format."""
    path = folder / f"graph.{form.suffix}"
    begun = time.process_time()
    form.write(package, path)
    written = time.process_time()
    archive = form.read(path)
    read = time.process_time()
    target = Workspaces(folder / form.id).create("Twin")
    done = bring_in(target, archive, path.name)
    stored = time.process_time()
    target.close()
    return written - begun, read - written, stored - read, path.stat().st_size, done.same


def alone(package: Package, form: Format) -> list[object]:
    """The row of one format, in a process of its own: it starts with the graph in memory, so its peak has that too."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    child = fork.Process(target=_tell, args=(package, form, sender))
    child.start()
    row: list[object] = receiver.recv()
    child.join()
    return row


def _tell(package: Package, form: Format, sender: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out, read, stored, size, same = measure(package, form, Path(folder))
    sender.send([form.name, out, read, stored, size / 1e6, peak_memory_mb(), "yes" if same else "NO"])


def queries(package: Package) -> Iterator[tuple[str, float]]:
    """Seconds of the index and of some queries, by the clock: SPARQL runs in a thread of its own."""
    graph = package.graph
    relation = max({f.relation for f in graph.facts.values()}, key=lambda r: (r == "material", r))
    value = next(f.object for f in graph.facts.values() if f.relation == relation)
    tasks = {
        "index": lambda: index_of(graph),
        "pattern, two clauses": lambda: match(graph, f'?p {relation} "node:{value}" ; ?p ?r ?u'),
        "SPARQL, the same": lambda: ask(
            graph,
            f'SELECT ?p ?u {{ ?p schema:{relation} ?m . ?m rdfs:label "{graph.label(value)}" . ?p ?r ?u }}',
        ),
        "SPARQL, count by relation": lambda: ask(
            graph, "SELECT ?r (COUNT(?f) AS ?n) { ?f sg:statedRelation ?r } GROUP BY ?r", seconds=120
        ),
    }
    for name, task in tasks.items():
        begun = time.monotonic()
        task()
        yield name, time.monotonic() - begun


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--assertions", type=int, default=100_000)
    parser.add_argument("--formats", nargs="*", default=list(FORMATS))
    parser.add_argument("--queries", action="store_true", help="time queries too")
    arguments = parser.parse_args()
    package = (
        collect(Workspace(arguments.workspace)) if arguments.workspace else synthetic(arguments.assertions)
    )
    archive, graph = package.archive, package.graph
    print(f"{len(graph.nodes):,} nodes, {len(graph.facts):,} facts, {len(archive.documents):,} texts,")
    print(f"{len(archive.assertions):,} assertions, {len(archive.log):,} entries of the log\n")
    print(f"before any format: {peak_memory_mb():,.0f} MB", flush=True)
    rows = []
    for name in arguments.formats:
        rows.append(alone(package, FORMATS[name]))
        print(*rows[-1], flush=True)
    head = ("format", "out, s", "read, s", "check and store, s", "MB", "peak memory, MB", "same hash")
    print("\n" + table(head, rows))
    print(f"\n{machine()}; seconds are the processor's")
    if not arguments.queries:
        return
    print("\n" + table(("query", "s"), list(queries(package))))


if __name__ == "__main__":
    main()
