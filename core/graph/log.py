"""The append-only log and the assertions it speaks of: the only truth a graph is made from.

Everything here is exactly-once: saying again what already holds writes nothing.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import Any

from sqlalchemy import Connection, and_, insert, select

from core.domain import Assertion, EntryKind, LogEntry
from core.errors import GraphError
from core.extract.normal_rules import Rule
from core.graph.model import product_id
from core.graph.reading import (
    chunks,
    current_ids,
    entries_at,
    read_assertions,
    read_entries,
    read_head,
    registers_of,
)
from core.graph.registers import Registers
from core.storage import tables
from core.storage.database import insert_new, row_of
from core.storage.workspaces import Workspace

__all__ = ["DOCUMENT", "Log", "read_assertions", "read_entries"]

DOCUMENT = "document"
"""The reason of a retraction whose document changed or left; undone when the same text comes back."""

_VERDICTS = (EntryKind.ACCEPTED, EntryKind.REJECTED, EntryKind.CORRECTED)


class Log:
    """The log of one workspace. Each writing method takes a ``connection`` to be part of that transaction."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def head(self, connection: Connection | None = None) -> int:
        """The position of the last entry; 0 for an empty log."""
        with self._reading(connection) as reader:
            return read_head(reader)

    def entries(self, since: int = 0, until: int | None = None) -> Iterator[LogEntry]:
        """Entries with ``since < seq <= until``, in order."""
        with self.workspace.db.read() as reader:
            yield from read_entries(reader, since, until)

    def append(
        self,
        assertions: Iterable[Assertion] = (),
        entries: Iterable[LogEntry] = (),
        connection: Connection | None = None,
        *,
        actor: str = "",
        job_id: str = "",
    ) -> list[int]:
        """Write assertions and entries; returns the positions of what was new.

        An assertion that is live, or an entry that says what already holds, writes nothing. Words of a document
        that has changed meanwhile are stored but not asserted. Raises GraphError for an assertion whose document
        is unknown: it would have no evidence.
        """
        stored = list({assertion.id: assertion for assertion in assertions}.values())
        with self._writing(connection) as writer:
            now = current_ids(writer, stored)
            insert_new(writer, tables.assertions, [row_of(assertion) for assertion in stored])
            asserted = [
                LogEntry(EntryKind.ASSERTED, a.id, actor=actor or a.extractor, job_id=job_id)
                for a in stored
                if a.id in now
            ]
            extra = [replace(e, actor=e.actor or actor, job_id=e.job_id or job_id) for e in entries]
            return _write_new(writer, [*asserted, *extra])

    def reconcile(self, connection: Connection | None = None) -> tuple[int, int]:
        """Bring the log in step with the documents: (assertions retracted, assertions restored).

        Retracts what rests on words that changed or left, and asserts again what rests on words that came back,
        so that no model has to read them twice. What somebody brought back by undoing such a retraction stays until
        that undoing is undone. Call it after each change of the catalogue.
        """
        a, d = tables.assertions, tables.documents
        # Documents are never deleted, so the few that are not current lead to what is stale without a look at the rest.
        read = select(a.c.id).join(d, and_(d.c.id == a.c.document_id, d.c.hash == a.c.document_hash))
        stale = read.where(d.c.current.is_(False)).order_by(a.c.id)
        gone = select(tables.log.c.target).where(tables.log.c.kind == EntryKind.RETRACTED)
        back = read.where(d.c.current.is_(True), a.c.id.in_(gone)).order_by(a.c.id)
        with self._writing(connection) as writer:
            ids = list(writer.scalars(stale))
            known = registers_of(writer, ids)
            leaving = [
                _retraction(i, DOCUMENT)
                for i in ids
                if known.claim(i).live and not known.holds_on(i, DOCUMENT)
            ]
            retracted = _write_new(writer, leaving, known)
            ids = list(writer.scalars(back))
            known = registers_of(writer, ids)
            returning = [
                LogEntry(EntryKind.ASSERTED, i, actor="catalogue")
                for i in ids
                if (state := known.claim(i)).retracted_because == DOCUMENT and not state.live
            ]
            restored = _write_new(writer, returning, known)
        return len(retracted), len(restored)

    def retract(
        self, assertion_ids: Iterable[str], reason: str, actor: str = "", connection: Connection | None = None
    ) -> list[int]:
        """Take assertions back, for instance those of an extractor that is no longer wanted."""
        return self.append((), [_retraction(i, reason, actor) for i in assertion_ids], connection)

    def accept(self, assertion_ids: Iterable[str], actor: str = "reviewer") -> list[int]:
        """A reviewer says that these are right: they count as certain."""
        return self.append((), [LogEntry(EntryKind.ACCEPTED, i, actor=actor) for i in assertion_ids])

    def reject(self, assertion_ids: Iterable[str], actor: str = "reviewer") -> list[int]:
        """A reviewer says that these are wrong."""
        return self.append((), [LogEntry(EntryKind.REJECTED, i, actor=actor) for i in assertion_ids])

    def correct(self, assertion_id: str, replacement: Assertion, actor: str = "reviewer") -> list[int]:
        """Put a reviewer's assertion (other words, or another relation for the same words) in place of one."""
        marks = [
            LogEntry(EntryKind.CORRECTED, assertion_id, {"by": replacement.id}, actor),
            LogEntry(EntryKind.ACCEPTED, replacement.id, actor=actor),
        ]
        return self.append([replacement], marks, actor=actor)

    def merge(self, node_id: str, into: str, evidence: str = "", actor: str = "reviewer") -> list[int]:
        """Say that two nodes are one thing, to be known as ``into``; nothing is lost by it."""
        if node_id == into:
            raise GraphError(
                "A node cannot be merged with itself.", where=node_id, remedy="Pick another one."
            )
        if (product_id(node_id) is None) != (product_id(into) is None):
            raise GraphError(
                "A product and a value cannot be merged.",
                where=f"{node_id}, {into}",
                remedy="Pick two alike.",
            )
        data = {"into": into, "evidence": evidence}
        return self.append((), [LogEntry(EntryKind.MERGED, node_id, data, actor)])

    def split(self, node_id: str, actor: str = "reviewer") -> list[int]:
        """Let a merged node stand by itself again."""
        return self.append((), [LogEntry(EntryKind.SPLIT, node_id, actor=actor)])

    def schema(
        self,
        version: str,
        relations: Iterable[str],
        actor: str = "",
        rules: Mapping[str, Rule] | None = None,
    ) -> list[int]:
        """Record the relations a schema version knows, and by which rules it normalises their values; assertions made
        under it with other relations are kept apart."""
        data: dict[str, Any] = {"relations": sorted(set(relations))}
        if rules:
            data["rules"] = {relation: rule.to_json() for relation, rule in sorted(rules.items())}
        return self.append((), [LogEntry(EntryKind.SCHEMA, version, data, actor)])

    def undo(self, seqs: Iterable[int], actor: str = "reviewer") -> list[int]:
        """Take back entries of any kind, undoings too (which redoes); raises GraphError for a position not there."""
        wanted = sorted(set(seqs))
        with self._writing(None) as writer:
            found = {entry.seq: entry for entry in entries_at(writer, wanted)}
            missing = [seq for seq in wanted if seq not in found]
            if missing:
                raise GraphError(
                    "There is no such version to undo.",
                    where=f"log position {missing[0]}",
                    remedy="Pick an entry from the history.",
                )
            return _write_new(
                writer,
                [
                    LogEntry(EntryKind.UNDONE, str(seq), {"target": _real_target(found[seq])}, actor)
                    for seq in wanted
                ],
            )

    @contextmanager
    def _reading(self, connection: Connection | None) -> Iterator[Connection]:
        if connection is not None:
            yield connection
            return
        with self.workspace.db.read() as reader:
            yield reader

    @contextmanager
    def _writing(self, connection: Connection | None) -> Iterator[Connection]:
        if connection is not None:
            yield connection
            return
        with self.workspace.db.write() as writer:
            yield writer


def _write_new(
    writer: Connection, entries: Sequence[LogEntry], registers: Registers | None = None
) -> list[int]:
    """Append what does not hold already. The caller's transaction excludes other writers, so positions are dense.

    ``registers`` are those of all targets, where the caller has read them in the same transaction.
    """
    if not entries:
        return []
    if writer.dialect.name == "postgresql":
        writer.exec_driver_sql("LOCK TABLE log IN EXCLUSIVE MODE")
    if registers is None:
        registers = registers_of(writer, chain((e.target for e in entries), _undone_targets(entries)))
    seq, moment = read_head(writer), clock.time()
    rows: list[dict[str, Any]] = []
    for entry in entries:
        if _holds(registers, entry):
            continue
        seq += 1
        numbered = replace(entry, seq=seq, time=entry.time or moment)
        registers.add(numbered)
        rows.append(row_of(numbered))
    for part in chunks(rows):
        writer.execute(insert(tables.log), part)
    return [row["seq"] for row in rows]


def _undone_targets(entries: Sequence[LogEntry]) -> Iterator[str]:
    return (str(e.data.get("target", "")) for e in entries if e.kind is EntryKind.UNDONE)


def _holds(registers: Registers, entry: LogEntry) -> bool:
    target, kind = entry.target, entry.kind
    match kind:
        case EntryKind.ASSERTED:
            return registers.claim(target).live
        case EntryKind.RETRACTED:
            return not registers.claim(target).live
        case EntryKind.QUARANTINED:
            return registers.claim(target).reason == str(entry.data.get("reason", ""))
        case EntryKind.WEIGHED:
            return registers.claim(target).confidence == float(entry.data["confidence"])
        case EntryKind.ACCEPTED | EntryKind.REJECTED | EntryKind.CORRECTED:
            last = [mark for mark in registers.marks(target) if mark.kind in _VERDICTS][-1:]
            return bool(last) and (last[0].kind, dict(last[0].data)) == (kind, dict(entry.data))
        case EntryKind.MERGED:
            return registers.merged_into(target) == str(entry.data["into"])
        case EntryKind.SPLIT:
            return registers.merged_into(target) is None
        case EntryKind.SCHEMA:
            known = registers.schema(target)
            if known != frozenset(entry.data.get("relations", ())):
                return False
            rules = {name: Rule.from_json(raw) for name, raw in entry.data.get("rules", {}).items()}
            return not rules or registers.rules(target) == rules
        case EntryKind.ALIGNED:
            return registers.alignment(target) == entry.data
        case EntryKind.RULE:
            return (registers.implication(target) or {}) == entry.data
        case EntryKind.UNDONE:
            return registers.void(int(target))


def _real_target(entry: LogEntry) -> str:
    return str(entry.data.get("target", "")) if entry.kind is EntryKind.UNDONE else entry.target


def _retraction(assertion_id: str, reason: str, actor: str = "catalogue") -> LogEntry:
    return LogEntry(EntryKind.RETRACTED, assertion_id, {"reason": reason}, actor)
