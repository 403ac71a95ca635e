"""Candidates of the resolver in a workspace: open, merged or kept apart, and who decided.

The log holds every merge and every taking back; this table holds what the log has no words for: that a pair was looked
at and left open, or that a person said it is two things. What a person decided is never overwritten.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from core.domain import EntryKind, LogEntry
from core.graph.log import Log
from core.graph.model import Graph
from core.graph.reading import entries_at
from core.storage.database import upsert
from core.storage.tables import match_candidates
from core.storage.workspaces import Workspace

ACTOR = "resolver"


class Status(StrEnum):
    """What became of a candidate."""

    OPEN = "open"
    MERGED = "merged"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two nodes, ``one`` before ``other`` in the alphabet. ``evidence`` is plain JSON: why they are taken for
    one thing; ``seqs`` are the entries of the log that merged them."""

    one: str
    other: str
    kind: str
    probability: float
    evidence: Mapping[str, Any]
    matcher: str
    status: Status = Status.OPEN
    actor: str = ""
    time: float = 0.0
    seqs: tuple[int, ...] = field(default_factory=tuple)

    @property
    def key(self) -> tuple[str, str]:
        """The pair."""
        return self.one, self.other


@dataclass(frozen=True, slots=True)
class Merge:
    """Nodes to be known as ``into``; ``evidence`` is by node."""

    into: str
    evidence: Mapping[str, Mapping[str, Any]]


class Matches:
    """The candidates of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._log = Log(workspace)

    def read(self, *status: Status, least: float = 0.0, limit: int | None = None) -> list[Candidate]:
        """Candidates of some statuses (all where none is named) from a probability on, the surest first, at most
        ``limit``; those that are no longer open come by time, the latest first."""
        c = match_candidates.c
        query = select(match_candidates).where(c.probability >= least)
        if status:
            query = query.where(c.status.in_(status))
        closed = bool(status) and Status.OPEN not in status
        order = (c.time.desc(), c.one, c.other) if closed else (c.probability.desc(), c.one, c.other)
        with self._workspace.db.read() as reader:
            return [_candidate(row) for row in reader.execute(query.order_by(*order).limit(limit))]

    def counts(self) -> dict[tuple[Status, bool], int]:
        """Candidates by status, and whether a person decided."""
        c = match_candidates.c
        by_person = (c.actor != "") & (c.actor != ACTOR)
        query = select(c.status, by_person.label("person"), func.count().label("n"))
        with self._workspace.db.read() as reader:
            rows = reader.execute(query.group_by(c.status, by_person))
            return {(Status(row.status), bool(row.person)): int(row.n) for row in rows}

    def get(self, one: str, other: str) -> Candidate | None:
        """One candidate; None where there is none."""
        c = match_candidates.c
        with self._workspace.db.read() as reader:
            row = reader.execute(select(match_candidates).where(c.one == one, c.other == other)).one_or_none()
        return _candidate(row) if row else None

    def store(
        self,
        writer: Connection,
        fresh: Sequence[Candidate],
        gone: Iterable[tuple[str, str]],
        merges: Sequence[Merge],
        job_id: str = "",
    ) -> dict[str, int]:
        """Write what a run of the resolver came to, in the transaction of its checkpoint; counts merged nodes and open
        candidates. Candidates that a person has decided are left as they are."""
        seqs = self._merge(writer, merges, ACTOR, job_id)
        decided = {
            (row.one, row.other)
            for row in writer.execute(
                select(match_candidates).where(match_candidates.c.status != Status.OPEN)
            )
        }
        _delete(writer, [key for key in gone if key not in decided])
        now = time.time()
        rows = []
        for candidate in fresh:
            if candidate.key in decided:
                continue
            of_it = tuple(sorted({seq for node in candidate.key for seq in seqs.get(node, ())}))
            actor = ACTOR if candidate.status is Status.MERGED else ""
            rows.append(_row(replace(candidate, actor=actor, time=now, seqs=of_it)))
        upsert(writer, match_candidates, rows)
        return {
            "merged": sum(map(len, seqs.values())),
            "open": sum(row["status"] == Status.OPEN for row in rows),
        }

    def accept(
        self,
        candidates: Sequence[Candidate],
        graph: Graph,
        actor: str,
        order: Mapping[str, float] | None = None,
    ) -> int:
        """A person says that each of these pairs is one thing; returns how many merges that made. The node that
        comes first in ``order`` (then in the alphabet) gives the name."""
        first = order or {}
        moved: dict[str, str] = {}

        def root(node: str) -> str:
            found = graph.resolve(node)
            while found in moved:
                found = moved[found]
            return found

        with self._workspace.db.write() as writer:
            for candidate in candidates:
                into, node = sorted(map(root, candidate.key), key=lambda name: (first.get(name, 0.0), name))
                seqs: dict[str, tuple[int, ...]] = {}
                if into != node:
                    evidence = {
                        **candidate.evidence,
                        "probability": candidate.probability,
                        "pair": list(candidate.key),
                    }
                    seqs = self._merge(writer, [Merge(into, {node: evidence})], actor)
                    moved[node] = into
                _decide(writer, candidate, Status.MERGED, actor, seqs.get(node, ()))
        return len(moved)

    def keep_apart(self, candidates: Sequence[Candidate], actor: str) -> None:
        """A person says that these are two things; a merge of theirs is taken back."""
        with self._workspace.db.write() as writer:
            for candidate in candidates:
                self._undo(writer, candidate.seqs, actor)
                _decide(writer, candidate, Status.APART, actor, ())

    def reopen(self, candidate: Candidate, actor: str) -> None:
        """Take a decision back: the candidate is open again, and what it merged stands by itself."""
        with self._workspace.db.write() as writer:
            self._undo(writer, candidate.seqs, actor)
            _decide(writer, candidate, Status.OPEN, "", ())

    def follow(self, graph: Graph, present: Iterable[str]) -> list[Candidate]:
        """Bring the table in step with the log and the catalogue; returns what changed.

        A merge that somebody took back elsewhere counts as kept apart. A merge with a product that has left is
        taken back, so that what is left stands under its own name.
        """
        there = set(present)
        changed = []
        with self._workspace.db.write() as writer:
            for candidate in self.read(Status.MERGED):
                if candidate.kind == "Product" and not there.issuperset(candidate.key):
                    self._undo(writer, candidate.seqs, ACTOR)
                    _delete(writer, [candidate.key])
                    changed.append(candidate)
                elif graph.resolve(candidate.one) != graph.resolve(candidate.other):
                    _decide(writer, candidate, Status.APART, candidate.actor, ())
                    changed.append(candidate)
        return changed

    def _merge(
        self, writer: Connection, merges: Sequence[Merge], actor: str, job_id: str = ""
    ) -> dict[str, tuple[int, ...]]:
        """The positions that merged each node; a node that is merged so already has none."""
        entries = [
            LogEntry(EntryKind.MERGED, node, {"into": merge.into, "evidence": dict(evidence)}, actor)
            for merge in merges
            for node, evidence in merge.evidence.items()
        ]
        written = self._log.append((), entries, writer, job_id=job_id)
        return {entry.target: (entry.seq,) for entry in entries_at(writer, written)}

    def _undo(self, writer: Connection, seqs: Sequence[int], actor: str) -> None:
        undone = [
            LogEntry(EntryKind.UNDONE, str(entry.seq), {"target": entry.target}, actor)
            for entry in entries_at(writer, seqs)
        ]
        self._log.append((), undone, writer)


def _decide(
    writer: Connection, candidate: Candidate, status: Status, actor: str, seqs: tuple[int, ...]
) -> None:
    made = replace(candidate, status=status, actor=actor, time=time.time(), seqs=seqs)
    upsert(writer, match_candidates, [_row(made)])


def _delete(writer: Connection, keys: Sequence[tuple[str, str]]) -> None:
    table = match_candidates
    for one, other in keys:
        writer.execute(delete(table).where(table.c.one == one, table.c.other == other))


def _row(candidate: Candidate) -> dict[str, Any]:
    return {**asdict(candidate), "evidence": dict(candidate.evidence), "seqs": list(candidate.seqs)}


def _candidate(row: Row[Any]) -> Candidate:
    return Candidate(
        row.one,
        row.other,
        row.kind,
        row.probability,
        row.evidence,
        row.matcher,
        Status(row.status),
        row.actor,
        row.time,
        tuple(row.seqs),
    )
