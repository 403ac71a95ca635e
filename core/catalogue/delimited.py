"""CSV and its relatives, row by row with line numbers, surviving broken quotes, ragged rows and giant cells.

The ``csv`` module splits a record into cells; where a record ends is decided here, because one quote that is never
closed would otherwise swallow the rest of the file.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from core.catalogue.encoding import open_text
from core.catalogue.limits import COLUMNS, LOOKAHEAD_CHARS, RECORD_CHARS
from core.catalogue.rows import Content, Issue, RawRow, fit

DELIMITERS = (",", "\t", ";", "|")
UNPARSED = "(line)"
_SNIFF_RECORDS = 200

csv.field_size_limit(RECORD_CHARS + 1)


class Lines(Protocol):
    """A text stream."""

    def readline(self, limit: int = -1, /) -> str:
        """The next line with its end, "" after the last."""


class Record(NamedTuple):
    """The lines of one record, the number of the first, and what is wrong with it ("" if nothing)."""

    line: int
    text: str
    problem: str = ""


class Dialect(NamedTuple):
    """The delimiter, how regular the file is with it (0 to 1), and the usual number of cells."""

    delimiter: str
    regularity: float
    width: int


def detect_delimiter(text: str, preferred: str = "") -> Dialect:
    """The delimiter that splits the text into rows of one width (regularity first, then number of columns)."""
    found = [_regularity(text, delimiter) for delimiter in DELIMITERS]
    usable = [dialect for dialect in found if dialect.width > 1]
    if not usable:
        return Dialect(preferred or ",", 1.0, 1)
    for dialect in usable:
        if dialect.delimiter == preferred and dialect.regularity > 0.5:
            return dialect
    return max(usable, key=lambda dialect: dialect.regularity * (1 + math.log(dialect.width)))


def _regularity(text: str, delimiter: str) -> Dialect:
    widths: Counter[int] = Counter()
    for record in records(io.StringIO(text, newline=""), delimiter):
        if record.text.strip() and not record.problem:
            widths[len(cells_of(record.text, delimiter))] += 1
        if widths.total() >= _SNIFF_RECORDS:
            break
    if not widths:
        return Dialect(delimiter, 0.0, 0)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return Dialect(delimiter, count / widths.total(), width)


def cells_of(record: str, delimiter: str) -> list[str]:
    """The cells of one record."""
    if '"' not in record:
        return record.rstrip("\r\n").split(delimiter)
    # A carriage return alone, outside quotes, is an error to the module; inside a record it is white space.
    try:
        return next(csv.reader([record], delimiter=delimiter), [""])
    except csv.Error:
        return next(csv.reader([record.replace("\r", " ")], delimiter=delimiter), [""])


def read_rows(
    content: Content, encoding: str, delimiter: str, columns: tuple[str, ...], *, header: bool, damaged: bool
) -> Iterator[RawRow]:
    """All rows below the header (or from the first line where there is none); blank lines are skipped."""
    with open_text(content, encoding) as stream:
        reader = _Records(stream, delimiter)
        first = header
        for record in reader:
            if not record.text.strip(" \t\r\n\ufeff"):
                continue
            if first:
                first = False
                continue
            if record.problem:
                kept = record.text.rstrip("\r\n")
                yield RawRow(record.line, {UNPARSED: kept}, Issue("", record.problem))
                continue
            row = fit(record.line, columns, cells_of(record.text, delimiter))
            if row.issue and reader.retry(record):
                first_line = record.text.splitlines()[0]
                yield RawRow(record.line, {UNPARSED: first_line}, Issue("", "broken_quotes"))
            elif damaged and row.issue is None and (bad := _damaged_column(row.cells)):
                yield row._replace(issue=Issue(bad, "undecodable", encoding))
            else:
                yield row


def header_of(content: Content, encoding: str, delimiter: str) -> list[str]:
    """The cells of the first line that is not blank; [] for an empty file."""
    with open_text(content, encoding) as stream:
        for record in records(stream, delimiter):
            if record.text.strip(" \t\r\n\ufeff"):
                return [cell.strip("\ufeff") for cell in cells_of(record.text, delimiter)[:COLUMNS]]
    return []


def records(stream: Lines, delimiter: str) -> Iterator[Record]:
    """Split a stream into records."""
    return iter(_Records(stream, delimiter))


def ends_inside_quotes(text: str, delimiter: str, inside: bool = False) -> bool:
    """Whether a quoted cell is still open at the end of the text. A quote opens a cell only at its beginning."""
    position = 0
    while True:
        if not inside:
            inside = text.startswith('"', position)
            position += 1
            if not inside:
                position = text.find(delimiter, position - 1) + 1
                if not position:
                    return False
            continue
        closing = text.find('"', position)
        if closing < 0:
            return True
        if text.startswith('"', closing + 1):
            position = closing + 2
            continue
        inside = False
        position = text.find(delimiter, closing + 1) + 1
        if not position:
            return False


class _Records:
    """Records of a stream, with lines that can be put back to be read again one by one."""

    def __init__(self, stream: Lines, delimiter: str) -> None:
        self._stream = stream
        self._delimiter = delimiter
        self._back: list[str] = []
        self._line = 0
        self._budget = LOOKAHEAD_CHARS

    def __iter__(self) -> Iterator[Record]:
        while text := self._next():
            start = self._line
            if len(text) > RECORD_CHARS:
                self._skip_line()
                yield Record(start, text[:1_000], "line_too_long")
            elif '"' in text and ends_inside_quotes(text, self._delimiter):
                yield self._complete(start, text)
            else:
                yield Record(start, text)

    def retry(self, record: Record) -> bool:
        """Put back all lines of a record but the first; False where it has only one or too much was tried."""
        lines = record.text.splitlines(keepends=True)
        if len(lines) < 2 or len(record.text) > self._budget:
            return False
        self._budget -= len(record.text)
        self._put_back(lines[1:])
        return True

    def _complete(self, start: int, first: str) -> Record:
        """Add lines until the quote is closed; if it never is, only the first line is lost."""
        lines, size, inside = [first], len(first), True
        while inside and size <= min(RECORD_CHARS, self._budget):
            line = self._next()
            if not line:
                break
            lines.append(line)
            size += len(line)
            inside = '"' not in line or ends_inside_quotes(line, self._delimiter, inside=True)
        if not inside:
            return Record(start, "".join(lines))
        self._budget -= size
        self._put_back(lines[1:])
        return Record(start, first, "unclosed_quote")

    def _next(self) -> str:
        text = self._back.pop() if self._back else self._stream.readline(RECORD_CHARS + 1)
        self._line += bool(text)
        return text

    def _put_back(self, lines: Sequence[str]) -> None:
        self._back.extend(reversed(lines))
        self._line -= len(lines)

    def _skip_line(self) -> None:
        while (rest := self._stream.readline(RECORD_CHARS)) and not rest.endswith(("\n", "\r")):
            pass


def _damaged_column(cells: dict[str, str]) -> str:
    return next((column for column, cell in cells.items() if "\ufffd" in cell), "")
