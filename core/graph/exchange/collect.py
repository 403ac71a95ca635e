"""The records of a workspace, read in one snapshot."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, exists, or_, select

from core.catalogue.item_writer import RAW_KIND
from core.domain import canonical_json
from core.graph.exchange.model import (
    Archive,
    DocumentRecord,
    EntryRecord,
    Header,
    Package,
    ProductRecord,
    ReviewRecord,
    SourceRecord,
)
from core.graph.exchange.verify import policy_text
from core.graph.reading import read_assertions
from core.graph.store import GraphStore
from core.storage import tables
from core.storage.database import CHUNK_ROWS
from core.storage.workspaces import Workspace


def collect(workspace: Workspace) -> Package:
    """The graph of a workspace at the head of its log, with all it is rebuilt from.

    Documents are those that are current, and former ones that an assertion was read from.
    """
    store = GraphStore(workspace)
    graph = store.graph()
    with workspace.db.read() as reader:
        archive = Archive(
            Header(workspace.info.name, graph.hash, graph.seq, policy_text(store.policy)),
            tuple(_sources(reader)),
            tuple(_products(reader)),
            tuple(_reviews(reader)),
            tuple(_documents(reader)),
            tuple(read_assertions(reader)),
            tuple(_entries(reader, graph.seq)),
        )
    return Package(archive.ordered(), graph)


def _sources(reader: Connection) -> list[SourceRecord]:
    s = tables.sources
    return [
        SourceRecord(
            row.id,
            row.kind,
            row.name,
            row.origin,
            row.content_hash,
            canonical_json(row.mapping),
            float(row.imported_at),
            row.rows_read,
            row.rows_ok,
            row.rows_quarantined,
        )
        for row in reader.execute(select(s).where(s.c.kind != "events"))
    ]


def _products(reader: Connection) -> list[ProductRecord]:
    return [
        ProductRecord(
            row.id,
            row.source_id,
            row.title,
            row.description,
            row.brand or None,
            row.category or None,
            row.price,
            row.currency or None,
            canonical_json(row.attributes),
        )
        for row in reader.execute(select(tables.products)).yield_per(CHUNK_ROWS)
    ]


def _reviews(reader: Connection) -> list[ReviewRecord]:
    return [
        ReviewRecord(row.id, row.source_id, row.product_id, row.text, row.rating, row.time)
        for row in reader.execute(select(tables.reviews)).yield_per(CHUNK_ROWS)
    ]


def _documents(reader: Connection) -> list[DocumentRecord]:
    d, a = tables.documents, tables.assertions
    cited = exists().where(a.c.document_id == d.c.id, a.c.document_hash == d.c.hash)
    wanted = select(d).where(d.c.kind != RAW_KIND, or_(d.c.current, cited))
    return [_document(row) for row in reader.execute(wanted).yield_per(CHUNK_ROWS)]


def _document(row: Any) -> DocumentRecord:
    return DocumentRecord(
        row.id,
        row.hash,
        row.product_id,
        row.field,
        row.kind,
        row.text,
        row.language,
        row.source_id,
        bool(row.current),
    )


def _entries(reader: Connection, head: int) -> list[EntryRecord]:
    log = tables.log
    query = select(log).where(log.c.seq <= head).order_by(log.c.seq)
    return [
        EntryRecord(
            row.seq, row.kind, row.target, canonical_json(row.data), row.actor, float(row.time), row.job_id
        )
        for row in reader.execute(query).yield_per(CHUNK_ROWS)
    ]
