"""Plain text: one product a line, or blocks between blank lines whose first line is the title."""

from __future__ import annotations

from collections.abc import Iterator

from core.catalogue.encoding import open_text
from core.catalogue.limits import RECORD_CHARS
from core.catalogue.rows import Content, RawRow

COLUMNS = ("title", "description")


def text_rows(content: Content, encoding: str) -> Iterator[RawRow]:
    """Rows with the columns title and description."""
    return _blocks(content, encoding) if _in_blocks(content, encoding) else _lines(content, encoding)


def _in_blocks(content: Content, encoding: str) -> bool:
    """Blocks need a blank line somewhere and a block of at least two lines."""
    length, longest, blocks = 0, 0, 0
    for _, text in _numbered(content, encoding):
        length = length + 1 if text.strip() else 0
        blocks += length == 1
        longest = max(longest, length)
    return longest > 1 and blocks > 1


def _lines(content: Content, encoding: str) -> Iterator[RawRow]:
    for number, text in _numbered(content, encoding):
        if text.strip():
            yield RawRow(number, {"title": text.strip(), "description": ""})


def _blocks(content: Content, encoding: str) -> Iterator[RawRow]:
    start, lines = 0, list[str]()
    for number, text in _numbered(content, encoding):
        if text.strip():
            start = start if lines else number
            lines.append(text.strip())
        elif lines:
            yield _block(start, lines)
            lines = []
    if lines:
        yield _block(start, lines)


def _block(start: int, lines: list[str]) -> RawRow:
    return RawRow(start, {"title": lines[0], "description": "\n".join(lines[1:])})


def _numbered(content: Content, encoding: str) -> Iterator[tuple[int, str]]:
    with open_text(content, encoding) as stream:
        number = 0
        while line := stream.readline(RECORD_CHARS):
            number += 1
            yield number, line.strip("\ufeff\r\n")
