"""Products and reviews: rows with an id, told apart by content hash, their documents kept in step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, select, update

from core.catalogue.digest import hash_of_product, hash_of_review
from core.catalogue.documents import document_of_review, documents_of
from core.catalogue.rows import Issue
from core.catalogue.synonyms import PRODUCTS, REVIEWS
from core.catalogue.writers import Entry, Outcome, parts
from core.domain import Document, DocumentKind, Product
from core.storage import tables
from core.storage.database import insert_new, row_of, upsert

RAW_KIND = "raw"
"""Kind of the document rows that keep a text as it was delivered, where cleaning changed it; never current."""


class ItemWriter:
    """Products or reviews: things with an id, owned by the source that brought them first."""

    def __init__(self, kind: str, source_id: str, id_column: str = "") -> None:
        self._form = FORMS[kind]
        self._source = source_id
        self._id_column = id_column
        self._seen: dict[str, str] = {}

    def replay(self, entries: Sequence[Entry]) -> None:
        """Remember entries that an earlier attempt has written."""
        for entry in entries:
            self._seen.setdefault(self._form.id(entry.item), self._form.hash(entry.item))

    def write(self, connection: Connection, entries: Sequence[Entry]) -> Outcome:
        """Write a chunk: rows, documents, raw texts."""
        outcome = Outcome()
        fresh = self._without_duplicates(entries, outcome)
        known = self._form.known(connection, list(fresh))
        rows, documents, changed = [], list[Document](), list[str]()
        raws = list[dict[str, Any]]()
        for name, (entry, hashed) in fresh.items():
            owner, old = known.get(name, ("", ""))
            if owner and owner != self._source:
                del self._seen[name]
                issue = Issue(self._id_column, "id_taken", owner)
                outcome.refused.append((entry.row, issue))
                continue
            if old == hashed:
                outcome.unchanged += 1
                continue
            outcome.added += not old
            outcome.updated += bool(old)
            outcome.delta += int(hashed, 16) - int(old or "0", 16)
            if old:
                changed.append(name)
            item = replace(entry.item, source_id=self._source)  # type: ignore[arg-type]
            rows.append(self._form.row(item, hashed))
            documents += self._form.documents(item)
            product = self._form.product_id(item)
            raws += [_raw_row(name, product, field, text) for field, text in entry.raw_texts.items()]
        self._form.retire(connection, changed)
        upsert(connection, self._form.table, rows)
        upsert(connection, tables.documents, [document_row(document) for document in documents])
        insert_new(connection, tables.documents, raws)
        return outcome

    def clash(self, connection: Connection, entry: Entry) -> Issue | None:
        """Whether another item of this source has the entry's id."""
        name, hashed = self._form.id(entry.item), self._form.hash(entry.item)
        owner, old = self._form.known(connection, [name]).get(name, ("", ""))
        taken = owner == self._source and old != hashed
        return Issue(self._id_column, "duplicate_id", name) if taken else None

    def leftovers(self, connection: Connection) -> list[Any]:
        """Ids of this source that the file no longer has."""
        table = self._form.table
        ids = connection.scalars(select(table.c.id).where(table.c.source_id == self._source))
        return [name for name in ids if name not in self._seen]

    def remove(self, connection: Connection, keys: Sequence[Any]) -> int:
        """Delete rows; their documents stay, no longer current."""
        table, delta = self._form.table, 0
        for part in parts(keys):
            hashes = connection.scalars(select(table.c.row_hash).where(table.c.id.in_(part)))
            delta -= sum(int(hashed, 16) for hashed in hashes)
            self._form.retire(connection, part, gone=True)
            connection.execute(delete(table).where(table.c.id.in_(part)))
        return delta

    def _without_duplicates(self, entries: Sequence[Entry], outcome: Outcome) -> dict[str, tuple[Entry, str]]:
        fresh: dict[str, tuple[Entry, str]] = {}
        for entry in entries:
            name, hashed = self._form.id(entry.item), self._form.hash(entry.item)
            before = self._seen.get(name)
            if before is None:
                self._seen[name] = hashed
                fresh[name] = (entry, hashed)
            elif before == hashed:
                outcome.duplicates += 1
            else:
                outcome.refused.append((entry.row, Issue(self._id_column, "duplicate_id", name)))
        return fresh


@dataclass(frozen=True)
class Form:
    """What products and reviews do differently."""

    table: Table
    field: str

    def id(self, item: Any) -> str:
        """Its id."""
        return str(item.id)

    def hash(self, item: Any) -> str:
        """Its content hash."""
        return hash_of_product(item) if isinstance(item, Product) else hash_of_review(item)

    def product_id(self, item: Any) -> str:
        """The product it is or speaks of."""
        return item.id if isinstance(item, Product) else item.product_id

    def known(self, connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """id → (owning source, hash) of those that are stored."""
        columns = (self.table.c.id, self.table.c.source_id, self.table.c.row_hash)
        found: dict[str, tuple[str, str]] = {}
        for part in parts(ids):
            for row in connection.execute(select(*columns).where(self.table.c.id.in_(part))):
                found[row.id] = (row.source_id, row.row_hash)
        return found

    def row(self, item: Any, hashed: str) -> dict[str, Any]:
        """Its row in the table."""
        values = row_of(item)
        if isinstance(item, Product):
            values |= {"attributes": dict(item.attributes), "updated_at": time.time()}
        return {**values, "row_hash": hashed}

    def documents(self, item: Any) -> list[Document]:
        """Its documents."""
        return documents_of(item) if isinstance(item, Product) else [document_of_review(item)]

    def retire(self, connection: Connection, ids: Sequence[str], *, gone: bool = False) -> None:
        """Documents of these items are no longer current; what was predicted of a product stays until it is gone."""
        documents = tables.documents
        for part in parts(ids):
            if self.field == "product":
                kinds = [DocumentKind.TEXT.value, DocumentKind.CELL.value]
                kinds += [DocumentKind.PREDICTION.value] if gone else []
                which = and_(documents.c.product_id.in_(part), documents.c.kind.in_(kinds))
            else:
                which = and_(documents.c.id.in_([f"{name}/text" for name in part]))
            connection.execute(update(documents).where(which & documents.c.current).values(current=False))


FORMS = {PRODUCTS: Form(tables.products, "product"), REVIEWS: Form(tables.reviews, "review")}


def document_row(document: Document) -> dict[str, Any]:
    """The row of a current document."""
    return {**row_of(document), "kind": document.kind.value, "current": True}


def _raw_row(item_id: str, product_id: str, field: str, text: str) -> dict[str, Any]:
    shown = text.encode("utf-8", "replace").decode("utf-8")
    document = Document.of(f"{item_id}/{field}#raw", product_id, field, DocumentKind.TEXT, shown)
    return {**document_row(document), "kind": RAW_KIND, "current": False}
