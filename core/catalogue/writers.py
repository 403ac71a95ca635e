"""What an import needs of a writer: write chunks, tell new from changed from unchanged, find what is gone.

A writer lives for one import: it remembers what it has seen, so that what the file no longer has can be removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from core.catalogue.interpret import Item
from core.catalogue.rows import Issue, RawRow

_IDS_A_QUERY = 900


class Entry(NamedTuple):
    """An item on its way in, with the row it comes from and the raw texts that cleaning changed."""

    row: RawRow
    item: Item
    raw_texts: Mapping[str, str] = {}


@dataclass
class Outcome:
    """What a chunk of entries did; ``delta`` is the change of the source's digest (a sum of hashes)."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicates: int = 0
    delta: int = 0
    refused: list[tuple[RawRow, Issue]] = field(default_factory=list)


class Writer(Protocol):
    """What the import needs of a kind."""

    def replay(self, entries: Sequence[Entry]) -> None:
        """Remember entries that an earlier attempt has written."""

    def write(self, connection: Connection, entries: Sequence[Entry]) -> Outcome:
        """Write a chunk."""

    def leftovers(self, connection: Connection) -> list[Any]:
        """Keys of rows of this source that were not seen."""

    def remove(self, connection: Connection, keys: Sequence[Any]) -> int:
        """Remove rows by key; gives the change of the digest."""


def parts(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Keys in portions that fit into one query."""
    for start in range(0, len(keys), _IDS_A_QUERY):
        yield keys[start : start + _IDS_A_QUERY]
