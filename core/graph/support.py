"""Where assertions come from and when, for those who only have their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Integer, and_, case, cast, func, select

from core.domain import EntryKind
from core.graph.reading import chunks
from core.storage import tables
from core.storage.database import CHUNK_ROWS
from core.storage.workspaces import Workspace


class Arrival(NamedTuple):
    """The position of the log at which what an assertion says was first said, and the source of its document."""

    seq: int
    source: str


def sources_of(workspace: Workspace, assertion_ids: Iterable[str]) -> dict[str, str]:
    """The source of the document that each assertion was read from; ids that are not stored are left out."""
    a, d = tables.assertions, tables.documents
    joined = a.join(d, and_(d.c.id == a.c.document_id, d.c.hash == a.c.document_hash))
    found: dict[str, str] = {}
    with workspace.db.read() as reader:
        for part in chunks(assertion_ids):
            query = select(a.c.id, d.c.source_id).select_from(joined).where(a.c.id.in_(part))
            found.update((row.id, row.source_id) for row in reader.execute(query))
    return found


def arrivals(workspace: Workspace) -> dict[str, Arrival]:
    """When and whence each assertion of the workspace first came in; some seconds for a million of them.

    What is read again by another reader, or in another version of a text, came in when it was first said.
    """
    log, a, d = tables.log, tables.assertions, tables.documents
    first = (
        select(log.c.target, func.min(log.c.seq))
        .where(log.c.kind == EntryKind.ASSERTED)
        .group_by(log.c.target)
    )
    told = select(a.c.id, a.c.subject, a.c.relation, a.c.object, d.c.source_id).select_from(
        a.join(d, and_(d.c.id == a.c.document_id, d.c.hash == a.c.document_hash))
    )
    with workspace.db.read() as reader:
        seqs = {target: int(seq) for target, seq in reader.execute(first).yield_per(CHUNK_ROWS)}
        sources: dict[str, tuple[str, tuple[str, str, str]]] = {}
        earliest: dict[tuple[str, str, str], int] = {}
        for assertion, subject, relation, words, source in reader.execute(told).yield_per(CHUNK_ROWS):
            said = (subject, relation, words.casefold())
            sources[assertion] = (source, said)
            if assertion in seqs:
                earliest[said] = min(earliest.get(said, seqs[assertion]), seqs[assertion])
    return {
        assertion: Arrival(earliest.get(said, 0), source) for assertion, (source, said) in sources.items()
    }


def moments(workspace: Workspace, seqs: Iterable[int]) -> dict[int, float]:
    """The times, in epoch seconds, at which the entries at these positions of the log were made."""
    log = tables.log
    found: dict[int, float] = {}
    with workspace.db.read() as reader:
        for part in chunks(seqs):
            query = select(log.c.seq, log.c.time).where(log.c.seq.in_(part))
            found.update((row.seq, row.time) for row in reader.execute(query))
    return found


class Stop(NamedTuple):
    """A position of the log at which a piece of work ended: the last of its ``entries``, when, by whom, by which job
    ("" for what a person did; then it is a day's work) and that job's stage."""

    seq: int
    time: float
    entries: int
    actor: str
    job_id: str
    stage: str


def stops(workspace: Workspace) -> list[Stop]:
    """The versions worth comparing, oldest first: where each job ended, and each person's day."""
    log, jobs = tables.log, tables.jobs
    by_hand = log.c.job_id == ""
    day = case((by_hand, cast(log.c.time / 86_400, Integer)), else_=0)
    actor = case((by_hand, log.c.actor), else_="")
    grouped = select(
        func.max(log.c.seq).label("seq"),
        func.max(log.c.time).label("time"),
        func.count().label("entries"),
        actor.label("actor"),
        log.c.job_id,
    ).group_by(log.c.job_id, actor, day)
    with workspace.db.read() as reader:
        stages = {row.id: row.stage for row in reader.execute(select(jobs.c.id, jobs.c.stage))}
        found = [
            Stop(row.seq, row.time, row.entries, row.actor, row.job_id, stages.get(row.job_id, ""))
            for row in reader.execute(grouped)
        ]
    return sorted(found)
