"""Node-link JSON, as networkx and D3 read it; the records stand under ``graph.shelfgraph``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.graph.exchange.drawn import edges, nodes
from core.graph.exchange.model import TABLES, Archive, Package
from core.graph.exchange.rows import archive_of, broken, columns, header_of, header_values, record_of, row_of


def write(package: Package, path: Path) -> None:
    """Write the file."""
    archive = package.archive
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write('{"directed": true, "multigraph": true, "graph": {"shelfgraph": {\n"header": ')
        out.write(_json(header_values(archive.header)))
        for name, records in archive.tables():
            out.write(f',\n"{name}": {{"columns": {_json(list(columns(name)))}, "rows": [\n')
            _list(out, (row_of(record) for record in records))
            out.write("]}")
        out.write('\n}},\n"nodes": [\n')
        _list(out, nodes(package))
        out.write('],\n"links": [\n')
        _list(out, edges(package))
        out.write("]}\n")


def read(path: Path, where: str) -> Archive:
    """Read the file; raises UnreadableFile for one that no writer here has written."""
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise broken(f"it is not JSON ({error})", where) from error
    held = found.get("graph", {}) if isinstance(found, dict) else {}
    held = held.get("shelfgraph") if isinstance(held, dict) else None
    if not isinstance(held, dict):
        raise broken("the records of ShelfGraph are missing (another program may have saved it)", where)
    header = header_of(_mapping(held.get("header"), where), where)
    tables: dict[str, list[Any]] = {}
    for name in TABLES:
        table = _mapping(held.get(name), f"{where}, {name}")
        names, rows = table.get("columns"), table.get("rows")
        if not isinstance(names, list) or not isinstance(rows, list):
            raise broken("columns and rows are missing", f"{where}, {name}")
        tables[name] = [
            record_of(name, dict(zip(names, _row(row, names, place), strict=True)), place)
            for number, row in enumerate(rows, 1)
            for place in (f"{where}, row {number}",)
        ]
    return archive_of(header, tables)


def _row(row: Any, names: list[Any], where: str) -> list[Any]:
    if not isinstance(row, list) or len(row) != len(names):
        raise broken(f"a row must have {len(names)} values", where)
    return row


def _mapping(found: Any, where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise broken("an object is missing", where)
    return found


def _list(out: Any, items: Any) -> None:
    for number, item in enumerate(items):
        out.write(",\n" if number else "")
        out.write(_json(item))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
