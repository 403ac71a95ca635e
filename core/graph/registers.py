"""What the entries of the log say about each of their targets, with undone entries left out.

A target's entries are read in the order of the log; entries on different targets do not touch each other. That is
what makes the graph independent of the order in which its inputs arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from core.domain import EntryKind, LogEntry
from core.extract.normal_rules import Rule

_NOTHING: Mapping[str, Any] = {}


class Mark(NamedTuple):
    """One entry as seen by its target."""

    seq: int
    kind: EntryKind
    data: Mapping[str, Any]


class ClaimState(NamedTuple):
    """Whether an assertion is live, why it is kept apart ("" if it is not), what a reviewer said of it, and how sure it
    is since others have read the same words (None where nobody has)."""

    live: bool
    reason: str
    verdict: EntryKind | None
    retracted_because: str
    confidence: float | None = None


class Registers:
    """The marks of every target. Adding an entry twice, or entries in any order, gives the same registers."""

    def __init__(self, entries: Iterable[LogEntry] = ()) -> None:
        self._marks: dict[str, tuple[Mark, ...]] = {}
        self._undone_by: dict[int, tuple[int, ...]] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: LogEntry) -> str:
        """Take in an entry and return the target whose state may have changed by it."""
        if entry.kind is EntryKind.UNDONE:
            undone = int(entry.target)
            if undone < entry.seq and entry.seq not in self._undone_by.get(undone, ()):
                self._undone_by[undone] = (*self._undone_by.get(undone, ()), entry.seq)
            return str(entry.data.get("target", ""))
        mark = Mark(entry.seq, entry.kind, entry.data or _NOTHING)
        known = self._marks.get(entry.target)
        if known is None:
            self._marks[entry.target] = (mark,)
        elif mark.seq > known[-1].seq:
            self._marks[entry.target] = (*known, mark)
        elif all(mark.seq != other.seq for other in known):
            self._marks[entry.target] = tuple(sorted((*known, mark), key=lambda m: m.seq))
        return entry.target

    def void(self, seq: int) -> bool:
        """Whether the entry at ``seq`` has been undone (and that undoing has not itself been undone)."""
        return any(not self.void(by) for by in self._undone_by.get(seq, ()))

    def marks(self, target: str) -> Iterator[Mark]:
        """The marks of a target that count, oldest first."""
        marks = self._marks.get(target, ())
        return iter(marks) if not self._undone_by else (mark for mark in marks if not self.void(mark.seq))

    def claim(self, assertion_id: str) -> ClaimState:
        """The state of an assertion; of several reviewers' verdicts the last one counts."""
        live, reason, verdict, because = False, "", None, ""
        confidence: float | None = None
        for _seq, kind, data in self.marks(assertion_id):
            if kind is EntryKind.ASSERTED:
                live, because = True, ""
            elif kind is EntryKind.RETRACTED:
                live, because = False, str(data.get("reason", ""))
            elif kind is EntryKind.QUARANTINED:
                reason = str(data.get("reason", ""))
            elif kind is EntryKind.WEIGHED:
                confidence = float(data["confidence"])
            elif kind in (EntryKind.ACCEPTED, EntryKind.REJECTED, EntryKind.CORRECTED):
                verdict = kind
        return ClaimState(live, reason, verdict, because, confidence)

    def holds_on(self, assertion_id: str, reason: str) -> bool:
        """Whether the last retraction of an assertion for this reason has been undone, by somebody who wants to keep
        it."""
        for mark in reversed(self._marks.get(assertion_id, ())):
            if mark.kind is EntryKind.RETRACTED and mark.data.get("reason") == reason:
                return self.void(mark.seq)
        return False

    def merged_into(self, node_id: str) -> str | None:
        """The node that ``node_id`` was last merged into, or None."""
        into: str | None = None
        for _seq, kind, data in self.marks(node_id):
            if kind is EntryKind.MERGED:
                into = str(data["into"])
            elif kind is EntryKind.SPLIT:
                into = None
        return into

    def schema(self, version: str) -> frozenset[str] | None:
        """The relations of a schema version, or None where the log does not tell them."""
        relations: frozenset[str] | None = None
        for _seq, kind, data in self.marks(version):
            if kind is EntryKind.SCHEMA and "relations" in data:
                relations = frozenset(data["relations"])
        return relations

    def alignment(self, target: str) -> Mapping[str, Any] | None:
        """What the last alignment of a target says; None where there is none that counts."""
        return self._last(target, EntryKind.ALIGNED)

    def implication(self, rule_id: str) -> Mapping[str, Any] | None:
        """The parts of a rule; None where it was withdrawn or never recorded."""
        return self._last(rule_id, EntryKind.RULE) or None

    def _last(self, target: str, wanted: EntryKind) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = None
        for _seq, kind, data in self.marks(target):
            if kind is wanted:
                found = data
        return found

    def rules(self, version: str) -> Mapping[str, Rule]:
        """How a schema version normalises values, by relation; {} where the log does not tell."""
        rules: Mapping[str, Any] = {}
        for _seq, kind, data in self.marks(version):
            if kind is EntryKind.SCHEMA and "rules" in data:
                rules = data["rules"]
        return {relation: Rule.from_json(raw) for relation, raw in rules.items()}
