"""Which relations are one: what a person confirmed of attributes that sources call by different names.

An alignment is an entry of the log. It says that a relation, everywhere or in one source or schema version only, is to
count as another; what was asserted stays as it was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.domain import EntryKind, LogEntry

_TARGET = "relation:"
_Key = tuple[str, str, str]


def alignment(relation: str, into: str, *, source: str = "", schema: str = "", actor: str = "") -> LogEntry:
    """The entry that makes the claims of ``relation`` count under ``into``: those of one source, those of one schema
    version, or all of them."""
    data = {"relation": relation, "into": into, "source": source, "schema": "" if source else schema}
    return LogEntry(EntryKind.ALIGNED, _target(*_key(data)), data, actor)


def apart(relation: str, other: str, actor: str = "") -> LogEntry:
    """The entry that says of two relations that they are not one, so that nobody is asked again."""
    pair = sorted((relation, other))
    return LogEntry(EntryKind.ALIGNED, f"{_TARGET}{'|'.join(pair)}", {"apart": pair}, actor)


class Alignments:
    """The alignments in force, and the pairs that were found to be ``apart``. Equal for equal entries, whatever their
    order."""

    def __init__(self, entries: Iterable[Mapping[str, Any]] = ()) -> None:
        told = list(entries)
        self._into: dict[_Key, str] = {_key(data): str(data["into"]) for data in told if "into" in data}
        self.apart = frozenset((data["apart"][0], data["apart"][1]) for data in told if "apart" in data)
        self._found: dict[_Key, str] = {}

    def __bool__(self) -> bool:
        return bool(self._into)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alignments) and (self._into, self.apart) == (other._into, other.apart)

    def __hash__(self) -> int:
        return hash((frozenset(self._into.items()), self.apart))

    @property
    def targets(self) -> list[str]:
        """The targets of the entries in force, those that keep pairs apart among them."""
        return [
            *(_target(*key) for key in self._into),
            *(f"{_TARGET}{'|'.join(pair)}" for pair in self.apart),
        ]

    def relation(self, said: str, source: str = "", schema: str = "") -> str:
        """The relation that a claim counts under.

        What is said of its source comes before what is said of its schema version, and that before what holds
        everywhere. Alignments are followed to their end; a ring of them is named by its first name in the alphabet.
        """
        if not self._into:
            return said
        key = (said, source, schema)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._follow(*key)
        return found

    def _follow(self, said: str, source: str, schema: str) -> str:
        path = [said]
        while (following := self._next(path[-1], source, schema)) is not None:
            if following in path:
                return min(path[path.index(following) :])
            path.append(following)
        return path[-1]

    def _next(self, said: str, source: str, schema: str) -> str | None:
        for key in ((said, source, ""), (said, "", schema), (said, "", "")):
            if key in self._into:
                return self._into[key]
        return None


def _key(data: Mapping[str, Any]) -> _Key:
    return str(data["relation"]), str(data.get("source", "")), str(data.get("schema", ""))


def _target(relation: str, source: str, schema: str) -> str:
    scope = f"@source:{source}" if source else f"@schema:{schema}" if schema else ""
    return f"{_TARGET}{relation}{scope}"


NOT_ALIGNED = Alignments()
