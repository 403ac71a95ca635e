"""The graph of a workspace: folded once, kept in step with the log, shared by everything in this process."""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from core.domain import Assertion, Document, DocumentKind, EntryKind, Fact, Standing
from core.errors import GraphError
from core.extract.normalise import NormalValue
from core.graph import previews
from core.graph.fold import Fold
from core.graph.model import Evidence, Graph, Policy, Title, product_node
from core.graph.policies import policy_of
from core.graph.reading import chunks, read_assertions, read_entries, read_head, read_sources
from core.ontology import relation as relation_of
from core.storage import tables
from core.storage.workspaces import Workspace

_OLD_VERSIONS = 4
_MANY = 20_000


@dataclass
class _Kept:
    """What is kept of a workspace under one policy: the running fold, its graph, and a few past versions."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    stamp: object = None
    fold: Fold | None = None
    graph: Graph | None = None
    past: OrderedDict[tuple[object, int], Graph] = field(default_factory=OrderedDict)


@lru_cache(maxsize=8)
def _kept(url: str, policy: Policy) -> _Kept:
    return _Kept()


class GraphStore:
    """Reads the graph of one workspace, by the workspace's own policy unless another is given; opening it costs
    nothing."""

    def __init__(self, workspace: Workspace, policy: Policy | None = None) -> None:
        self.workspace = workspace
        self._given = policy

    @property
    def policy(self) -> Policy:
        """The policy that the graph is folded by."""
        return self._given or policy_of(self.workspace)

    def graph(self, at: int | None = None) -> Graph:
        """The graph at the head of the log, or as of position ``at`` (with today's titles).

        New entries are taken into the fold that is there. Raises GraphError for a position that does not exist.
        """
        policy = self.policy
        kept = self._kept(policy)
        with kept.lock, self.workspace.db.read() as reader:
            head, stamp = read_head(reader), _stamp(reader)
            if at is not None and not 0 <= at <= head:
                raise GraphError(
                    f"There is no version {at}: the log ends at {head}.",
                    where=self.workspace.info.name,
                    remedy="Pick a version from the history.",
                )
            if kept.fold and kept.fold.seq > head:  # another log: the workspace was restored from a copy
                kept.fold, kept.graph = None, None
            if kept.stamp != stamp:
                if kept.fold:
                    kept.fold.retitle(read_titles(reader))
                kept.stamp, kept.graph = stamp, None
                kept.past.clear()
            if at is not None and at != head:
                return _past(reader, kept, policy, stamp, at)
            if kept.graph is None or kept.graph.seq != head:
                kept.fold = kept.fold or Fold(read_titles(reader), policy)
                _catch_up(reader, kept.fold, None)
                kept.graph = kept.fold.graph()
            return kept.graph

    def would_follow(self, rule_id: str, data: Mapping[str, Any]) -> list[Fact]:
        """The facts that a rule of these parts would bring; see ``core.graph.rule_text``."""
        with self._folded() as state:
            return previews.would_follow(state, rule_id, data)

    def contradictions(self, policy: Policy) -> dict[tuple[str, str], tuple[Fact, ...]]:
        """By subject and relation, the facts that would stand by ``policy`` where values contradict each other."""
        with self._folded() as state:
            return previews.contradictions(state, policy)

    def without(self, source_id: str) -> tuple[list[Fact], list[Fact]]:
        """(facts that would go, facts that would come) if a source were deleted."""
        with self._folded() as state:
            return previews.without(state, source_id)

    @contextmanager
    def _folded(self) -> Iterator[Fold]:
        """The running fold at the head of the log, held while it is asked."""
        self.graph()
        kept = self._kept(self.policy)
        with kept.lock:
            if kept.fold is None:  # the catalogue has changed since
                raise GraphError(
                    "The graph has just changed.", where=self.workspace.info.name, remedy="Try again."
                )
            yield kept.fold

    def _kept(self, policy: Policy) -> _Kept:
        return _kept(f"{self.workspace.db.url}#{self.workspace.info.created_at}", policy)

    def evidence(self, fact_id: str, at: int | None = None) -> list[Evidence]:
        """Every assertion behind a fact, the surest first; raises GraphError for a fact that is not there."""
        graph = self.graph(at)
        fact = graph.facts.get(fact_id)
        if fact is None:
            raise GraphError(
                "This fact is not in the graph.",
                where=fact_id,
                remedy="It may have been retracted or merged since; look for it by its words.",
            )
        return self.evidence_of(fact.supports, graph)

    def evidence_of(self, assertion_ids: Iterable[str], graph: Graph | None = None) -> list[Evidence]:
        """The assertions of these ids with their documents and standings, in the order given.

        For what is kept apart or rejected as well; ids that are not stored are left out.
        """
        version = graph or self.graph()
        ids = list(assertion_ids)
        with self.workspace.db.read() as reader:
            found = {a.id: a for a in read_assertions(reader, ids)}
            documents = _documents(reader, found.values())
        return [
            Evidence(
                a,
                document,
                version.standing.get(a.id, Standing.REJECTED),
                version.reasons.get(a.id, "" if a.id in version.standing else EntryKind.RETRACTED),
                _value(version, a, document.source_id),
            )
            for i in ids
            if (a := found.get(i)) and (document := documents.get((a.document_id, a.document_hash)))
        ]

    def product_facts(self, product_id: str) -> list[Fact]:
        """The facts about a product, in a fixed order; [] for one that has none."""
        graph = self.graph()
        node = graph.resolve(product_node(product_id))
        return [fact for fact in graph.facts_at(node) if fact.subject == node]


def _past(reader: Connection, kept: _Kept, policy: Policy, stamp: object, at: int) -> Graph:
    key = (stamp, at)
    if key in kept.past:
        kept.past.move_to_end(key)
        return kept.past[key]
    fold = Fold(read_titles(reader), policy)
    _catch_up(reader, fold, at)
    kept.past[key] = fold.graph()
    if len(kept.past) > _OLD_VERSIONS:
        kept.past.popitem(last=False)
    return kept.past[key]


def _catch_up(reader: Connection, fold: Fold, until: int | None) -> None:
    """Take the entries after the fold's position, with the assertions they speak of, into the fold."""
    entries = list(read_entries(reader, fold.seq, until))
    fresh = [e.target for e in entries if e.kind is EntryKind.ASSERTED and not fold.knows(e.target)]
    stored = int(reader.scalar(select(func.count()).select_from(tables.assertions)) or 0)
    with _collector_paused(len(entries) > _MANY):
        if len(fresh) * 2 > stored:
            wanted = set(fresh)
            fold.take((a for a in read_assertions(reader) if a.id in wanted), entries, read_sources(reader))
        else:
            found = list(read_assertions(reader, fresh))
            fold.take(found, entries, read_sources(reader, (a.document_id for a in found)))


@contextmanager
def _collector_paused(many: bool) -> Iterator[None]:
    """A big fold makes millions of objects that all stay; looking for garbage among them costs a third of its time."""
    pause = many and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()


def _value(version: Graph, assertion: Assertion, source: str) -> NormalValue | None:
    relation = version.relation_of(assertion, source)
    return version.value_of(assertion, source) if relation_of(relation).node_type != "Product" else None


def _stamp(reader: Connection) -> tuple[object, ...]:
    """Changes when the titles do."""
    p = tables.products
    return tuple(reader.execute(select(func.count(), func.max(p.c.updated_at))).one())


def read_titles(reader: Connection) -> dict[str, Title]:
    """What the fold knows of the products of the catalogue, by id."""
    p = tables.products
    rows = reader.execute(select(p.c.id, p.c.title, p.c.brand))
    return {row.id: Title(row.title, row.brand or "") for row in rows}


def _documents(reader: Connection, found: Iterable[Assertion]) -> dict[tuple[str, str], Document]:
    d = tables.documents
    keys = sorted({(a.document_id, a.document_hash) for a in found})
    documents: dict[tuple[str, str], Document] = {}
    for part in chunks(keys, 500):
        for row in reader.execute(select(d).where(tuple_(d.c.id, d.c.hash).in_(part))):
            documents[(row.id, row.hash)] = Document(
                row.id,
                row.product_id,
                row.field,
                DocumentKind(row.kind),
                row.text,
                row.hash,
                row.language,
                row.source_id,
            )
    return documents
