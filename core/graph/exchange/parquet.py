"""Parquet: a zip of tables. ``nodes``, ``facts`` and ``evidence`` are what an analyst joins; the others complete it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from core.catalogue.limits import unpacked_bytes
from core.errors import UnreadableFile
from core.graph.exchange.drawn import edges, nodes
from core.graph.exchange.model import TABLES, Archive, Package
from core.graph.exchange.rows import archive_of, broken, columns, record_of, row_of
from core.graph.exchange.zips import member, read_header, zip_reader, zip_writer

_FILES = {name: f"{name}.parquet" for name in TABLES} | {"assertions": "evidence.parquet"}
_ROWS = 50_000


def write(package: Package, path: Path) -> None:
    """Write the zip."""
    import pyarrow as pa

    kinds = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "truth": pa.bool_()}
    with zip_writer(path) as out:
        out.header(package.archive.header)
        with out.file("nodes.parquet") as stream:
            _table(
                stream,
                pa.schema([(n, pa.string()) for n in ("id", "label", "type", "aliases")]),
                nodes(package),
            )
        with out.file("facts.parquet") as stream:
            _table(stream, _fact_schema(pa), _facts(package))
        for name, records in package.archive.tables():
            schema = pa.schema([(c, kinds[kind.rstrip("?")]) for c, kind in columns(name).items()])
            named = list(columns(name))
            with out.file(_FILES[name]) as stream:
                _table(stream, schema, (dict(zip(named, row_of(record), strict=True)) for record in records))


def read(path: Path, where: str) -> Archive:
    """Read the zip; raises UnreadableFile for tables that are missing, damaged or of other columns."""
    tables: dict[str, list[Any]] = {}
    with zip_reader(path, where) as archive:
        header = read_header(archive, where)
        for name, file in _FILES.items():
            with member(archive, file, where) as stream:
                place = f"{where}, {file}"
                tables[name] = [
                    record_of(name, row, f"{place}, row {number}")
                    for number, row in enumerate(_rows(stream.read(), place), 1)
                ]
    return archive_of(header, tables)


def _fact_schema(pa: Any) -> Any:
    return pa.schema(
        [
            ("id", pa.string()),
            ("subject", pa.string()),
            ("relation", pa.string()),
            ("object", pa.string()),
            ("family", pa.string()),
            ("confidence", pa.float64()),
            ("evidence", pa.list_(pa.string())),
            ("quote", pa.string()),
            ("document", pa.string()),
        ]
    )


def _facts(package: Package) -> Iterator[dict[str, Any]]:
    for edge in edges(package):
        fact = package.graph.facts[edge["key"]]
        yield {
            "id": fact.id,
            "subject": fact.subject,
            "object": fact.object,
            "evidence": list(fact.supports),
            **{name: edge[name] for name in ("relation", "family", "confidence", "quote", "document")},
        }


def _table(stream: Any, schema: Any, rows: Iterable[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(pa.PythonFile(stream, mode="w"), schema, compression="zstd") as writer:
        part: list[dict[str, Any]] = []
        for row in rows:
            part.append(row)
            if len(part) == _ROWS:
                writer.write_table(pa.Table.from_pylist(part, schema))
                part = []
        writer.write_table(pa.Table.from_pylist(part, schema))


def _rows(data: bytes, where: str) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(io.BytesIO(data)) as file:
            groups = range(file.metadata.num_row_groups)
            if sum(file.metadata.row_group(k).total_byte_size for k in groups) > unpacked_bytes():
                raise UnreadableFile(
                    "The table unpacks to more than is taken in.",
                    where=where,
                    remedy="Raise SHELFGRAPH_MAX_UPLOAD_MB if you trust it.",
                )
            for batch in file.iter_batches(batch_size=_ROWS):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise broken(f"it is no Parquet ({str(error)[:200]})", where) from error
