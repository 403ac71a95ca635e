"""Files for Neo4j: CSV with the headers of its bulk import, and a script in Cypher for a server that runs already.

Cells are armoured against spreadsheets (``spelling.to_cell``), which is undone on reading. Each table of records is a
file of nodes; beside them stand the graph's own nodes and facts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from core.catalogue.limits import RECORD_CHARS
from core.graph.exchange.cypher import load_script
from core.graph.exchange.drawn import edges, nodes
from core.graph.exchange.model import TABLES, Archive, Package
from core.graph.exchange.rows import archive_of, broken, columns, record_of, row_of, text_of, value_of
from core.graph.exchange.spelling import from_cell, to_cell
from core.graph.exchange.zips import member, read_header, zip_reader, zip_writer

LABELS = {
    "sources": "Source",
    "products": "CatalogueProduct",
    "reviews": "Review",
    "documents": "Document",
    "assertions": "Evidence",
    "log": "LogEntry",
}
_TYPES = {"text": "", "whole": ":long", "number": ":double", "truth": ":boolean"}

_NODE_HEAD = ("id:ID(Node)", "name", "type", "aliases:string[]", ":LABEL")
_FACT_HEAD = (
    ":START_ID(Node)", ":END_ID(Node)", ":TYPE", "id", "family", "confidence:double", "evidence:string[]", "quote",
    "document",
)  # fmt: skip
_READ_HEAD = (":START_ID(Evidence)", ":END_ID(Document)", ":TYPE")

csv.field_size_limit(RECORD_CHARS + 1)


def write(package: Package, path: Path) -> None:
    """Write the zip."""
    with zip_writer(path) as out:
        out.header(package.archive.header)
        with out.file("load.cypher") as stream:
            stream.write(load_script(package).encode())
        with out.file("nodes.csv") as stream:
            _table(stream, _NODE_HEAD, _nodes(package))
        with out.file("facts.csv") as stream:
            _table(stream, _FACT_HEAD, _facts(package))
        with out.file("read_from.csv") as stream:
            _table(stream, _READ_HEAD, _read_from(package))
        for name, records in package.archive.tables():
            with out.file(f"{name}.csv") as stream:
                _table(stream, _head(name), _records(name, records))


def read(path: Path, where: str) -> Archive:
    """Read the zip; raises UnreadableFile for files that are missing or damaged, with the line."""
    tables: dict[str, list[Any]] = {}
    with zip_reader(path, where) as archive:
        header = read_header(archive, where)
        for name in TABLES:
            place = f"{where}, {name}.csv"
            with member(archive, f"{name}.csv", where) as stream:
                tables[name] = list(_read(name, stream, place))
    return archive_of(header, tables)


def _head(name: str) -> list[str]:
    label = LABELS[name]
    kinds = [f"{column}{_TYPES[kind.rstrip('?')]}" for column, kind in columns(name).items()]
    return [f"key:ID({label})", *kinds, ":LABEL"]


def _records(name: str, records: Iterable[Any]) -> Iterator[Sequence[Any]]:
    for record in records:
        key = record.seq if name == "log" else record.id
        if name == "documents":
            key = _key(record.id, record.hash)
        yield [str(key), *row_of(record), LABELS[name]]


def _key(document: str, hashed: str) -> str:
    return f"{document}#{hashed}"


def _nodes(package: Package) -> Iterator[Sequence[Any]]:
    for node in nodes(package):
        aliases = node["aliases"].replace(";", ",").replace(" | ", ";")
        yield node["id"], node["label"], node["type"], aliases, f"Node;{node['type'].replace(';', ',')}"


def _facts(package: Package) -> Iterator[Sequence[Any]]:
    for e in edges(package):
        supports = ";".join(package.graph.facts[e["key"]].supports)
        ends = (e["source"], e["target"], e["relation"], e["key"], e["family"], e["confidence"])
        yield (*ends, supports, e["quote"], e["document"])


def _read_from(package: Package) -> Iterator[Sequence[Any]]:
    for assertion in package.archive.assertions:
        yield assertion.id, _key(assertion.document_id, assertion.document_hash), "READ_FROM"


def _table(stream: BinaryIO, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with io.TextIOWrapper(stream, "utf-8", newline="", write_through=False) as text:
        writer = csv.writer(text)
        writer.writerow(head)
        for row in rows:
            writer.writerow([to_cell(value) if isinstance(value, str) else text_of(value) for value in row])


def _read(name: str, stream: BinaryIO, where: str) -> Iterator[Any]:
    kinds = columns(name)
    try:
        with io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            head = next(reader, [])
            places = {title.partition(":")[0]: k for k, title in enumerate(head) if not title.startswith(":")}
            missing = [column for column in kinds if column not in places]
            if missing:
                raise broken(f"the column {missing[0]!r} is missing", where)
            for row in reader:
                place = f"{where}, line {reader.line_num}"
                if len(row) != len(head):
                    raise broken(f"{len(row)} cells where {len(head)} belong", place)
                values = {
                    column: value_of(kind, from_cell(row[places[column]]), place)
                    for column, kind in kinds.items()
                }
                yield record_of(name, values, place)
    except (UnicodeDecodeError, csv.Error) as error:
        raise broken(f"it is no CSV in UTF-8 ({error})", where) from error
