"""The catalogue of a workspace: what is in it, and everything that may be done to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select
from sqlalchemy import delete as delete_rows

from core.catalogue import digest, quarantine, sources
from core.catalogue.event_writer import event_of
from core.catalogue.importer import ImportOptions, ImportReport, Progress, Save, import_table
from core.catalogue.item_writer import RAW_KIND, ItemWriter
from core.catalogue.limits import ID_CHARS
from core.catalogue.mapping import ColumnMapping, Proposal, propose, signature
from core.catalogue.mending import admit
from core.catalogue.quarantine import Kept
from core.catalogue.rows import Issue, RawTable
from core.catalogue.sources import Source
from core.catalogue.synonyms import EVENTS
from core.catalogue.writers import parts
from core.domain import Document, DocumentKind, Event, EventKind, Product, Review, content_hash
from core.errors import DataError, MappingError
from core.storage import tables
from core.storage.database import upsert
from core.storage.workspaces import Workspace

DELETED_AT_ONCE = 2_000
_PRODUCTS, _REVIEWS, _EVENTS, _DOCUMENTS = tables.products, tables.reviews, tables.events, tables.documents


class ProductPage(NamedTuple):
    """A page of a search: the products shown, and how many there are."""

    products: list[Product]
    total: int


class Catalogue:
    """The catalogue of one workspace. Cheap to make; holds no state of its own."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._db = workspace.db

    # What is there

    def counts(self) -> dict[str, int]:
        """products, reviews, events, shoppers, sources, quarantined (open) and noted rows, in one query."""
        status = tables.quarantine.c.status
        shoppers = select(func.count(_EVENTS.c.shopper_id.distinct()))
        parts_of_it = {
            "products": select(func.count()).select_from(_PRODUCTS),
            "reviews": select(func.count()).select_from(_REVIEWS),
            "events": select(func.count()).select_from(_EVENTS),
            "shoppers": shoppers,
            "sources": select(func.count()).select_from(tables.sources),
            "quarantined": select(func.count()).where(status == quarantine.OPEN),
            "noted": select(func.count()).where(status == quarantine.ADMITTED),
        }
        with self._db.read() as connection:
            row = connection.execute(
                select(*(query.scalar_subquery().label(name) for name, query in parts_of_it.items()))
            ).one()
        return {name: int(getattr(row, name)) for name in parts_of_it}

    def catalogue_hash(self) -> str:
        """The hash of all items, whatever their order and the sources they came from; changes when any item does."""
        with self._db.read() as connection:
            total = digest.add(0, (source.digest for source in sources.all_sources(connection)))
        return content_hash("catalogue", digest.to_text(total))

    def products(self, ids: Collection[str] | None = None) -> Iterator[Product]:
        """Products by id; all, or those of the given ids that there are."""
        yield from map(_product, self._select(select(_PRODUCTS), _PRODUCTS.c.id, ids, _PRODUCTS.c.id))

    def product(self, product_id: str) -> Product:
        """One product; raises DataError when there is none of that id."""
        found = next(self.products([product_id]), None)
        if found is None:
            raise DataError(
                "This product is not in the catalogue.",
                where=product_id[:ID_CHARS],
                remedy="Search for another.",
            )
        return found

    def search(
        self, text: str = "", *, category: str = "", source_id: str = "", offset: int = 0, limit: int = 50
    ) -> ProductPage:
        """Products whose id, title, brand or category has all the words, by id."""
        conditions: list[ColumnElement[bool]] = []
        for word in text.split()[:12]:
            fields = (_PRODUCTS.c.title, _PRODUCTS.c.id, _PRODUCTS.c.brand, _PRODUCTS.c.category)
            conditions.append(or_(*(field.icontains(word, autoescape=True) for field in fields)))
        if category:
            conditions.append(_PRODUCTS.c.category == category)
        if source_id:
            conditions.append(_PRODUCTS.c.source_id == source_id)
        with self._db.read() as connection:
            count = select(func.count()).select_from(_PRODUCTS).where(*conditions)
            total = int(connection.scalar(count) or 0)
            query = select(_PRODUCTS).where(*conditions).order_by(_PRODUCTS.c.id).offset(offset).limit(limit)
            return ProductPage([_product(row) for row in connection.execute(query)], total)

    def categories(self) -> list[tuple[str, int]]:
        """(category, number of products), most frequent first."""
        count = func.count()
        query = select(_PRODUCTS.c.category, count).where(_PRODUCTS.c.category.is_not(None))
        query = query.group_by(_PRODUCTS.c.category).order_by(count.desc(), _PRODUCTS.c.category)
        with self._db.read() as connection:
            return [(row[0], int(row[1])) for row in connection.execute(query)]

    def reviews(self, product_id: str | None = None) -> Iterator[Review]:
        """Reviews by id; all, or those of one product."""
        query = select(_REVIEWS).order_by(_REVIEWS.c.id)
        if product_id is not None:
            query = query.where(_REVIEWS.c.product_id == product_id)
        for row in self._stream(query):
            yield Review(
                row.id, row.product_id, row.text, row.rating, row.shopper_id, row.time, row.source_id
            )

    def events(self, kinds: Collection[EventKind] | None = None) -> Iterator[Event]:
        """Events by time (equal times by source and line); all, or those of some kinds."""
        query = select(_EVENTS).order_by(_EVENTS.c.time, _EVENTS.c.source_id, _EVENTS.c.line)
        if kinds is not None:
            query = query.where(_EVENTS.c.kind.in_([kind.value for kind in kinds]))
        yield from map(event_of, self._stream(query))

    def documents(
        self, product_ids: Collection[str] | None = None, *, current: bool = True
    ) -> list[Document]:
        """Documents by id: of all products or of some; with ``current=False`` the former versions too."""
        query = select(_DOCUMENTS).where(_DOCUMENTS.c.kind != RAW_KIND)
        if current:
            query = query.where(_DOCUMENTS.c.current)
        found = self._select(query, _DOCUMENTS.c.product_id, product_ids, _DOCUMENTS.c.id)
        return [_document(row) for row in found]

    def stale_documents(self) -> list[tuple[str, str]]:
        """(document id, hash) of texts that were read and are no longer current: what they assert is to be retracted."""
        read = tables.assertions
        match = (read.c.document_id == _DOCUMENTS.c.id) & (read.c.document_hash == _DOCUMENTS.c.hash)
        query = select(_DOCUMENTS.c.id, _DOCUMENTS.c.hash).where(
            ~_DOCUMENTS.c.current, _DOCUMENTS.c.kind != RAW_KIND
        )
        with self._db.read() as connection:
            rows = connection.execute(
                query.where(select(read.c.id).where(match).exists()).order_by(_DOCUMENTS.c.id)
            )
            return [(row[0], row[1]) for row in rows]

    def raw_texts(self, product_id: str) -> dict[str, str]:
        """Field → text as it was delivered, for the texts of a product that cleaning changed."""
        query = select(_DOCUMENTS).where(_DOCUMENTS.c.product_id == product_id, _DOCUMENTS.c.kind == RAW_KIND)
        return {row.field: row.text for row in self._stream(query) if row.id.startswith(f"{product_id}/")}

    # Taking in

    def import_table(
        self,
        raw: RawTable,
        mapping: ColumnMapping,
        name: str = "",
        origin: str = "upload",
        on_progress: Progress | None = None,
        check: Callable[[], None] | None = None,
        *,
        source_id: str = "",
        latest: float | None = None,
        save: Save | None = None,
        resume: Mapping[str, Any] | None = None,
    ) -> ImportReport:
        """Import a table into the source of that name (or ``source_id``) and remember the mapping; see ``importer``."""
        options = ImportOptions(name or raw.name, origin, source_id, latest)
        calls = {"on_progress": on_progress, "check": check, "save": save, "resume": resume}
        report = import_table(self._workspace, raw, mapping, options, **calls)  # type: ignore[arg-type]
        self.remember(raw.columns, mapping)
        return report

    def propose(self, raw: RawTable, kind: str = "") -> Proposal:
        """The mapping used last for these columns, or the likeliest one."""
        if remembered := self.recall(raw.columns, kind):
            reasons = dict.fromkeys(remembered.fields, "remembered")
            return Proposal(remembered, reasons)
        return propose(raw.columns, raw.head(), kind)

    def remember(self, columns: Sequence[str], mapping: ColumnMapping) -> None:
        """Keep a mapping for files with these columns."""
        row = {"signature": signature(columns), "kind": mapping.kind, "mapping": mapping.plain()}
        with self._db.write() as connection:
            upsert(connection, tables.mappings, [row])

    def recall(self, columns: Sequence[str], kind: str = "") -> ColumnMapping | None:
        """The mapping kept for files with these columns, where it (still) fits and is of the wanted kind."""
        with self._db.read() as connection:
            kept = connection.scalar(
                select(tables.mappings.c.mapping).where(tables.mappings.c.signature == signature(columns))
            )
        if kept is None:
            return None
        try:
            mapping = ColumnMapping.of(kept)
            mapping.check(columns)
        except MappingError:
            return None
        return mapping if kind in ("", mapping.kind) else None

    # Sources

    def sources(self) -> list[Source]:
        """All sources, oldest first."""
        with self._db.read() as connection:
            return sources.all_sources(connection)

    def source(self, source_id: str) -> Source:
        """One source; raises DataError when there is none of that id."""
        with self._db.read() as connection:
            return sources.get(connection, source_id)

    def delete_source(
        self, source_id: str, check: Callable[[], None] | None = None, on_progress: Progress | None = None
    ) -> int:
        """Delete a source with its items and its quarantine; gives the number of items. Documents stay, not current.

        Works in short transactions; one that was stopped is finished by calling it again.
        """
        source = self.source(source_id)
        with self._db.write() as connection:
            sources.save(connection, replace(source, content_hash=""))
            connection.execute(
                delete_rows(tables.quarantine).where(tables.quarantine.c.source_id == source_id)
            )
        with self._db.read() as connection:
            if source.kind == EVENTS:
                keys: list[Any] = list(
                    connection.scalars(select(_EVENTS.c.id).where(_EVENTS.c.source_id == source_id))
                )
            else:
                keys = ItemWriter(source.kind, source_id).leftovers(connection)
        for start in range(0, len(keys), DELETED_AT_ONCE):
            if check:
                check()
            with self._db.write() as connection:
                self._delete(connection, source, keys[start : start + DELETED_AT_ONCE])
            if on_progress:
                on_progress(min(start + DELETED_AT_ONCE, len(keys)), len(keys))
        with self._db.write() as connection:
            sources.delete(connection, source_id)
        for file in sources.uploads(self._workspace).glob(f"{source.content_hash or '-'}*"):
            file.unlink(missing_ok=True)
        return len(keys)

    def _delete(self, connection: Connection, source: Source, keys: Sequence[Any]) -> None:
        if source.kind == EVENTS:
            for part in parts(keys):
                connection.execute(delete_rows(_EVENTS).where(_EVENTS.c.id.in_(part)))
            return
        delta = ItemWriter(source.kind, source.id).remove(connection, keys)
        stored = sources.get(connection, source.id)
        sources.save(connection, replace(stored, digest=digest.add(stored.digest, (delta,))))

    # Quarantine

    def quarantine(
        self,
        *,
        source_id: str = "",
        status: str = quarantine.OPEN,
        reason: str = "",
        offset: int = 0,
        limit: int = 200,
    ) -> list[Kept]:
        """Rows that were kept apart (or admitted with something left out), by source and line."""
        with self._db.read() as connection:
            return quarantine.entries(
                connection, source_id=source_id, status=status, reason=reason, offset=offset, limit=limit
            )

    def quarantine_tally(self) -> list[tuple[str, str, str, int]]:
        """(source id, status, reason, number of rows)."""
        with self._db.read() as connection:
            return quarantine.tally(connection)

    def mend(self, entry_id: int, row: Mapping[str, str] | None = None) -> Issue | None:
        """Try a row again, as it is or as mended; gives what still does not fit, or None when it is admitted."""
        with self._db.write() as connection:
            return admit(connection, self._kept(connection, entry_id), row)

    def drop(self, entry_ids: Sequence[int]) -> None:
        """Leave rows out for good: the same row in the next version of the file is not listed again."""
        with self._db.write() as connection:
            for entry_id in entry_ids:
                kept = self._kept(connection, entry_id)
                quarantine.settle(connection, kept, quarantine.DROPPED)
                if kept.status == quarantine.OPEN:
                    source = sources.get(connection, kept.source_id)
                    sources.save(connection, replace(source, rows_quarantined=source.rows_quarantined - 1))

    def _kept(self, connection: Connection, entry_id: int) -> Kept:
        kept = quarantine.get(connection, entry_id)
        if kept is None or kept.status not in (quarantine.OPEN, quarantine.ADMITTED):
            raise DataError(
                "This row is no longer kept apart.",
                where=str(entry_id),
                remedy="Reload the page to see what is left.",
            )
        return kept

    # Reading

    def _stream(self, query: Select[Any]) -> Iterator[Row[Any]]:
        with self._db.read() as connection:
            yield from connection.execute(query.execution_options(yield_per=5_000))

    def _select(
        self, query: Select[Any], column: Any, wanted: Collection[str] | None, order: Any
    ) -> Iterator[Row[Any]]:
        if wanted is None:
            yield from self._stream(query.order_by(order))
            return
        for part in parts(sorted(set(wanted))):
            yield from self._stream(query.where(column.in_(part)).order_by(order))


def _product(row: Row[Any]) -> Product:
    return Product(
        row.id,
        row.title,
        row.description,
        row.brand,
        row.category,
        row.price,
        row.currency,
        row.attributes,
        row.source_id,
    )


def _document(row: Row[Any]) -> Document:
    return Document(
        row.id,
        row.product_id,
        row.field,
        DocumentKind(row.kind),
        row.text,
        row.hash,
        row.language,
        row.source_id,
    )
