"""Records as rows of plain values and back, checked: a file is not believed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from core.domain import canonical_json
from core.errors import UnreadableFile
from core.graph.exchange.model import FORMAT_VERSION, TABLES, Archive, Header

TEXT_CHARS = 16_000_000
"""A longer text is no product's."""

_KINDS = {
    "str": "text", "int": "whole", "float": "number", "bool": "truth",
    "str | None": "text?", "float | None": "number?",
}  # fmt: skip
_WANTED = {
    "text": "a text", "whole": "a whole number", "number": "a number", "truth": "true or false",
    "text?": "a text or nothing", "number?": "a number or nothing",
}  # fmt: skip


@cache
def columns(table: str) -> Mapping[str, str]:
    """The columns of a table with their kinds: text, whole, number, truth; "?" where nothing may stand."""
    return {part.name: _KINDS[str(part.type)] for part in fields(TABLES[table])}


def row_of(record: Any) -> list[Any]:
    """The values of a record in the order of its table's columns."""
    return [getattr(record, part.name) for part in fields(record)]


def record_of(table: str, values: Mapping[str, Any], where: str) -> Any:
    """The record of these values; raises UnreadableFile for a column that is missing or of another kind."""
    made = {}
    for name, kind in columns(table).items():
        value = values.get(name)
        if kind in ("number", "number?") and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not _fits(value, kind):
            raise broken(f"{name!r} must be {_WANTED[kind]}", f"{where}, {table}")
        made[name] = value
    return TABLES[table](**made)


def value_of(kind: str, text: str | None, where: str) -> Any:
    """The value that a format without types wrote as ``text``; None for nothing."""
    if text is None or (text == "" and kind.endswith("?")):
        return None
    bare = kind.rstrip("?")
    try:
        if bare == "whole":
            return int(text)
        if bare == "number":
            return float(text)
    except ValueError:
        raise broken(f"{text[:40]!r} is not {_WANTED[bare]}", where) from None
    if bare == "truth":
        return {"true": True, "false": False}.get(text.lower(), text)
    return text


def text_of(value: Any) -> str:
    """A value as a format without types writes it; ``value_of`` reads it back exactly."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def header_of(values: Mapping[str, Any], where: str) -> Header:
    """The header of these values; raises UnreadableFile for another version or a malformed one."""
    version = values.get("format_version")
    if version != FORMAT_VERSION:
        raise UnreadableFile(
            f"The file was written in version {str(version)[:20]} of the exchange format.",
            where=where,
            remedy=f"This ShelfGraph reads version {FORMAT_VERSION}; use one that is as new as the file's.",
        )
    name, hashed, seq = values.get("name"), values.get("graph_hash"), values.get("seq")
    if not (isinstance(name, str) and isinstance(hashed, str) and isinstance(seq, int)):
        raise broken("the header needs a name, a hash and a position", where)
    policy = values.get("policy", "{}")
    if not isinstance(policy, str):
        raise broken("the policy must be a text", where)
    return Header(name[:200], hashed[:64], seq, policy)


def header_values(header: Header) -> dict[str, Any]:
    """The header as plain values."""
    return {part.name: getattr(header, part.name) for part in fields(header)}


def lines(archive: Archive) -> Iterable[str]:
    """The archive as lines of JSON: the header, then ``[table, value, …]`` for each record."""
    yield canonical_json(header_values(archive.header))
    for name, records in archive.tables():
        for record in records:
            yield canonical_json([name, *row_of(record)])


def archive_of_lines(found: Iterable[str], where: str) -> Archive:
    """The archive that ``lines`` wrote; raises UnreadableFile with the number of the line that is broken."""
    stream = iter(found)
    header = header_of(_object(next(stream, ""), where, 1), where)
    tables: dict[str, list[Any]] = {name: [] for name in TABLES}
    for number, line in enumerate(stream, 2):
        place = f"{where}, record {number}"
        row = _json(line, place)
        if not isinstance(row, list) or not row or row[0] not in tables:
            raise broken("it is no record", place)
        tables[row[0]].append(record_of(row[0], dict(zip(columns(row[0]), row[1:], strict=False)), place))
    return archive_of(header, tables)


def archive_of(header: Header, tables: Mapping[str, Iterable[Any]]) -> Archive:
    """The archive of these tables, in order."""
    return Archive(header, **{name: tuple(records) for name, records in tables.items()}).ordered()


def broken(what: str, where: str) -> UnreadableFile:
    """The error for a file that is not as a writer left it."""
    return UnreadableFile(
        f"The file is damaged: {what}.", where=where, remedy="Export it again, or repair this place."
    )


def _object(line: str, where: str, number: int) -> Mapping[str, Any]:
    found = _json(line, f"{where}, record {number}")
    if not isinstance(found, dict):
        raise broken("the header is missing", where)
    return found


def _json(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise broken(f"it is not JSON ({error})", where) from error


def _fits(value: Any, kind: str) -> bool:
    if value is None:
        return kind.endswith("?")
    return _CHECKS[kind.rstrip("?")](value)


_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda v: isinstance(v, str) and len(v) <= TEXT_CHARS and _storable(v),
    "whole": lambda v: isinstance(v, int) and not isinstance(v, bool) and abs(v) < 1 << 62,
    "number": lambda v: isinstance(v, float) and math.isfinite(v),
    "truth": lambda v: isinstance(v, bool),
}


def _storable(text: str) -> bool:
    """Half of a surrogate pair is no character, and no database stores it."""
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
