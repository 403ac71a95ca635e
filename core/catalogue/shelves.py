"""What is in the catalogue of a workspace: everything that can be asked of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from core.catalogue import digest, quarantine, sources
from core.catalogue.event_writer import event_of
from core.catalogue.item_writer import RAW_KIND
from core.catalogue.limits import ID_CHARS
from core.catalogue.writers import parts
from core.domain import Document, DocumentKind, Event, EventKind, Product, Review, content_hash
from core.errors import DataError
from core.storage import tables
from core.storage.workspaces import Workspace

_PRODUCTS, _REVIEWS, _EVENTS, _DOCUMENTS = tables.products, tables.reviews, tables.events, tables.documents


class ProductPage(NamedTuple):
    """A page of a search: the products shown, and how many there are."""

    products: list[Product]
    total: int


class Shelves:
    """Reads the catalogue of one workspace. Cheap to make; holds no state of its own."""

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
        """Documents by id: of all products or of some; with ``current=False`` the former versions too.

        Predictions and statements of prior knowledge are not among them: nothing reads those.
        """
        unread = (RAW_KIND, DocumentKind.PREDICTION.value, DocumentKind.STATEMENT.value)
        query = select(_DOCUMENTS).where(_DOCUMENTS.c.kind.not_in(unread))
        if current:
            query = query.where(_DOCUMENTS.c.current)
        found = self._select(query, _DOCUMENTS.c.product_id, product_ids, _DOCUMENTS.c.id)
        return [_document(row) for row in found]

    def stale_documents(self) -> list[tuple[str, str]]:
        """(document id, hash) of texts that were read and are no longer current; what they assert is to go."""
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
