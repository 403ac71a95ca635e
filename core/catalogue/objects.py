"""JSON and JSON Lines: objects become rows, one level of nesting becomes columns ("size.width")."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.catalogue.delimited import UNPARSED
from core.catalogue.encoding import open_text
from core.catalogue.limits import CELL_CHARS, COLUMNS, JSON_WHOLE_BYTES, KEPT_CHARS, RECORD_CHARS
from core.catalogue.rows import Content, Issue, RawRow
from core.catalogue.spreadsheets import cell_text
from core.errors import UnreadableFile

_SPACE = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"[}\]]\s*,\s*(?=\{)|\n\s*(?=\{)")
_CHUNK = 1 << 18
KEY = "key"


def line_rows(content: Content, encoding: str) -> Iterator[RawRow]:
    """One object a line; a line that is none is a row with an issue."""
    with open_text(content, encoding) as stream:
        number = 0
        while line := stream.readline(RECORD_CHARS + 1):
            number += 1
            if len(line) > RECORD_CHARS:
                yield RawRow(number, {UNPARSED: line[:KEPT_CHARS]}, Issue("", "line_too_long"))
                while (rest := stream.readline(RECORD_CHARS)) and not rest.endswith("\n"):
                    pass
            elif (text := line.strip().rstrip(",").strip("\ufeff")) not in ("", "[", "]"):
                yield _row(number, text)


def list_rows(content: Content, encoding: str) -> Iterator[RawRow]:
    """The objects of one JSON list, decoded one at a time; after a broken one reading goes on at the next."""
    with open_text(content, encoding) as stream:
        yield from _Elements(stream).rows()


def nested_rows(content: Content, encoding: str, name: str) -> Iterator[RawRow]:
    """Rows of a JSON object: its longest list of objects, or its members where those are objects.

    Raises UnreadableFile where there is neither.
    """
    if content.size > JSON_WHOLE_BYTES:
        raise UnreadableFile(
            f"A JSON file of more than {JSON_WHOLE_BYTES // 1_000_000} MB must be a list of objects.",
            where=name,
            remedy="Save it as JSON Lines: one object a line.",
        )
    with open_text(content, encoding) as stream:
        text = stream.read().strip().strip("\ufeff")
    value = _decode(text)
    if isinstance(value, str):
        raise UnreadableFile(
            f"This is not valid JSON: {value}", where=name, remedy="Repair it, or save it as CSV."
        )
    objects = _objects_in(value)
    if not objects:
        raise UnreadableFile(
            "This JSON holds no list of objects.",
            where=name,
            remedy='Give a list such as [{"id": "1", "title": "…"}], or one object a line.',
        )
    for number, entry in enumerate(objects, start=1):
        yield RawRow(number, flatten(entry))


def columns_of(rows: Iterator[RawRow], count: int = 500) -> tuple[str, ...]:
    """All columns seen in the first rows, in order of appearance."""
    seen: dict[str, None] = {}
    for number, row in enumerate(rows):
        if number >= count:
            break
        if row.issue is None:
            seen |= dict.fromkeys(row.cells)
    return tuple(seen)[:COLUMNS]


def flatten(entry: Mapping[str, Any]) -> dict[str, str]:
    """An object as cells: nested objects one level down, lists of plain values joined, anything deeper as JSON."""
    cells: dict[str, str] = {}
    for name, value in entry.items():
        if isinstance(value, Mapping):
            cells |= {f"{name}.{inner}": value_text(deep) for inner, deep in value.items()}
        else:
            cells[str(name)] = value_text(value)
    return cells


def value_text(value: Any) -> str:
    """A value as the text of a cell."""
    if isinstance(value, list) and all(not isinstance(item, dict | list) for item in value):
        return "; ".join(cell_text(item) for item in value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return cell_text(value)


def _row(line: int, text: str) -> RawRow:
    value = _decode(text)
    if isinstance(value, dict):
        return RawRow(line, flatten(value))
    kept = text if len(text) <= CELL_CHARS else text[:KEPT_CHARS]
    detail = value if isinstance(value, str) else ""
    return RawRow(line, {UNPARSED: kept}, Issue("", "bad_json", detail))


def _decode(text: str) -> Any:
    """The value of a JSON text, or the decoder's complaint as a string where it is broken or a plain string."""
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return str(error)[:200]


def _objects_in(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, dict):
        return []
    lists = [
        entry
        for entry in value.values()
        if isinstance(entry, list) and entry and all(isinstance(item, dict) for item in entry)
    ]
    if lists:
        return max(lists, key=len)
    if len(value) > 1 and all(isinstance(entry, dict) for entry in value.values()):
        return [{KEY: key, **entry} for key, entry in value.items()]
    return [value] if any(not isinstance(entry, dict | list) for entry in value.values()) else []


class _Elements:
    """The elements of one JSON list, with a window that is moved over the stream."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._window = ""
        self._line = 1
        self._ended = False
        self._decoder = json.JSONDecoder(parse_constant=str)

    def rows(self) -> Iterator[RawRow]:
        """All elements; those that are not objects get an issue."""
        self._more()
        self._drop(len(self._window) - len(self._window.lstrip("\ufeff \t\r\n")) + 1)
        while self._skip_space() and not self._window.startswith("]"):
            yield self._element()

    def _element(self) -> RawRow:
        line = self._line
        while True:
            try:
                value, end = self._decoder.raw_decode(self._window)
            except (ValueError, RecursionError) as error:
                unfinished = getattr(error, "pos", 0) >= len(self._window) - 32 or "Unterminated" in str(
                    error
                )
                if unfinished and len(self._window) <= RECORD_CHARS and self._more():
                    continue
                return self._broken(line, str(error).split(" (char")[0][:200])
            if end == len(self._window) and self._more():  # a number may go on
                continue
            text = self._window[:end]
            self._drop(end)
            if isinstance(value, dict):
                return RawRow(line, flatten(value))
            return RawRow(line, {UNPARSED: text[:KEPT_CHARS]}, Issue("", "bad_json", "not an object"))

    def _broken(self, line: int, complaint: str) -> RawRow:
        """Give up on an element and go on at what looks like the beginning of the next object."""
        kept = self._window[:KEPT_CHARS]
        self._drop(1)
        while not (found := _NEXT_OBJECT.search(self._window)):
            self._drop(max(len(self._window) - 64, 0))
            if not self._more():
                self._drop(len(self._window))
                return RawRow(line, {UNPARSED: kept}, Issue("", "bad_json", complaint))
        self._drop(found.end())
        return RawRow(line, {UNPARSED: kept[: found.end() + 1]}, Issue("", "bad_json", complaint))

    def _skip_space(self) -> bool:
        while True:
            space = _SPACE.match(self._window)
            self._drop(space.end() if space else 0)
            if self._window:
                return True
            if not self._more():
                return False

    def _more(self) -> bool:
        """Read on, by as much again as there is, so that long elements cost linear time."""
        if self._ended:
            return False
        chunk = self._stream.read(max(_CHUNK, len(self._window)))
        self._ended = not chunk
        self._window += chunk
        return bool(chunk)

    def _drop(self, count: int) -> None:
        self._line += self._window.count("\n", 0, count)
        self._window = self._window[count:]
