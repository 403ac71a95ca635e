"""Events: rows without an id, compared as a multiset by content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from core.catalogue.digest import hash_of_event
from core.catalogue.writers import Entry, Outcome, parts
from core.domain import Event, EventKind
from core.storage import tables


class EventWriter:
    """Events have no id: a file is a multiset, compared by content.

    An event that stays keeps the line it was first read from; a new one whose line is taken gets the next free number.
    """

    def __init__(self, connection: Connection, source_id: str, *, compare: bool = True) -> None:
        """Without ``compare`` everything is new, and numbered after the last line of the source."""
        self._source = source_id
        self._left: dict[int, int] = {}
        self._lines: set[int] = set()
        self._last = 0
        if not compare:
            last = select(func.max(tables.events.c.line)).where(tables.events.c.source_id == source_id)
            self._last = int(connection.scalar(last) or 0)
            return
        for line, event in stored_events(connection, source_id):
            hashed = hash_of_event(event)
            self._left[hashed] = self._left.get(hashed, 0) + 1
            self._lines.add(line)
        self._last = max(self._lines, default=0)

    def replay(self, entries: Sequence[Entry]) -> None:
        """Remember entries that an earlier attempt has written."""
        for entry in entries:
            self._take(hash_of_event(event_in(entry)))

    def write(self, connection: Connection, entries: Sequence[Entry]) -> Outcome:
        """Write a chunk."""
        outcome, rows = Outcome(), []
        for entry in entries:
            event = event_in(entry)
            hashed = hash_of_event(event)
            if self._take(hashed):
                outcome.unchanged += 1
                continue
            outcome.added += 1
            outcome.delta += hashed
            rows.append(
                {
                    "source_id": self._source,
                    "line": self._place(entry.row.line),
                    "shopper_id": event.shopper_id,
                    "product_id": event.product_id,
                    "kind": event.kind.value,
                    "value": event.value,
                    "time": event.time,
                }
            )
        if rows:
            connection.execute(insert(tables.events), rows)
        return outcome

    def leftovers(self, connection: Connection) -> list[Any]:
        """(row id, hash) of events that the file no longer has."""
        if not any(self._left.values()):
            return []
        keys = []
        table = tables.events
        for row in connection.execute(select(table).where(table.c.source_id == self._source)):
            hashed = hash_of_event(event_of(row))
            if self._left.get(hashed, 0) > 0:
                self._left[hashed] -= 1
                keys.append((row.id, hashed))
        return keys

    def remove(self, connection: Connection, keys: Sequence[Any]) -> int:
        """Delete events."""
        for part in parts([row_id for row_id, _ in keys]):
            connection.execute(delete(tables.events).where(tables.events.c.id.in_(part)))
        return -sum(int(hashed) for _, hashed in keys)

    def _take(self, hashed: int) -> bool:
        count = self._left.get(hashed, 0)
        if count:
            self._left[hashed] = count - 1
        return count > 0

    def _place(self, line: int) -> int:
        if not self._lines:  # a first import: lines only ever grow
            self._last = max(line, self._last + 1)
            return self._last
        place = self._last + 1 if line in self._lines else line
        self._lines.add(place)
        self._last = max(self._last, place)
        return place


def event_in(entry: Entry) -> Event:
    """The event of an entry."""
    assert isinstance(entry.item, Event)
    return entry.item


def event_of(row: Any) -> Event:
    """The event of a row of the table."""
    return Event(row.shopper_id, row.product_id, EventKind(row.kind), row.time, row.value)


def stored_events(connection: Connection, source_id: str) -> Iterator[tuple[int, Event]]:
    """(line, event) of all events of a source."""
    query = select(tables.events).where(tables.events.c.source_id == source_id)
    for row in connection.execute(query.execution_options(yield_per=10_000)):
        yield int(row.line), event_of(row)
