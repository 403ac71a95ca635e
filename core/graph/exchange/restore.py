"""An archive into a workspace: as it was into an empty one, as a source into any other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select

from core.catalogue import digest
from core.catalogue.digest import hash_of_product, hash_of_review
from core.catalogue.synonyms import STATEMENTS
from core.domain import Product, Review
from core.graph.exchange.join import Joined, join
from core.graph.exchange.model import Archive, ProductRecord, ReviewRecord
from core.graph.exchange.verify import log_of, plain, policy_of, verify
from core.graph.model import OnConflict
from core.graph.policies import choose_policy
from core.graph.reading import chunks
from core.graph.store import GraphStore
from core.storage import tables
from core.storage.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What reading a file in did. ``way`` is "whole" (an empty workspace became the graph), "source" (it joined what
    was there) or "unchanged"; ``kept`` counts products that another source had brought before."""

    way: str
    products: int
    kept: int
    documents: int
    assertions: int
    entries: int
    graph_hash: str
    promised_hash: str

    @property
    def same(self) -> bool:
        """Whether the workspace now has the very graph of the file."""
        return self.graph_hash == self.promised_hash


def bring_in(
    workspace: Workspace, archive: Archive, name: str, check: Callable[[], None] = lambda: None
) -> BroughtIn:
    """Read an archive into a workspace, in one transaction; reading it again changes nothing.

    Raises UnreadableFile for an archive that does not hold together, before anything is written. ``check`` is called
    at places where the work may be stopped.
    """
    verify(archive, name)
    check()
    products = [product_of(record, name) for record in archive.products]
    reviews = [review_of(record) for record in archive.reviews]
    with workspace.db.write() as writer:
        if _is_empty(writer):
            joined = _whole(writer, archive, name, products, reviews)
        else:
            joined = join(writer, workspace, archive, name, products, reviews)
        check()
    policy = policy_of(archive, name)
    if joined.way == "whole" and policy.on_conflict is not OnConflict.KEEP:
        choose_policy(workspace, policy.on_conflict, policy.sources)
    return BroughtIn(
        **asdict(joined),
        graph_hash=GraphStore(workspace).graph().hash,
        promised_hash=archive.header.graph_hash,
    )


def product_of(record: ProductRecord, where: str) -> Product:
    """The product of a record."""
    attributes = {str(k): str(v) for k, v in plain(record.attributes, f"{where}, {record.id}").items()}
    return Product(
        record.id,
        record.title,
        record.description,
        record.brand,
        record.category,
        record.price,
        record.currency,
        attributes,
        record.source_id,
    )


def review_of(record: ReviewRecord) -> Review:
    """The review of a record; nobody wrote it."""
    return Review(
        record.id, record.product_id, record.text, record.rating, None, record.time, record.source_id
    )


def _is_empty(reader: Connection) -> bool:
    counted = (tables.log, tables.products, tables.reviews, tables.documents, tables.assertions)
    return not any(reader.scalar(select(func.count()).select_from(table)) for table in counted)


def _whole(
    writer: Connection,
    archive: Archive,
    name: str,
    products: Sequence[Product],
    reviews: Sequence[Review],
) -> Joined:
    now = time.time()
    digests: dict[str, int] = {}
    rows: dict[str, list[dict[str, Any]]] = {"products": [], "reviews": []}
    for product in products:
        hashed = hash_of_product(product)
        digests[product.source_id] = digest.add(digests.get(product.source_id, 0), [int(hashed, 16)])
        rows["products"].append({**asdict(product), "row_hash": hashed, "updated_at": now})
    for review in reviews:
        hashed = hash_of_review(review)
        digests[review.source_id] = digest.add(digests.get(review.source_id, 0), [int(hashed, 16)])
        rows["reviews"].append({**asdict(review), "row_hash": hashed})
    sources = []
    for source in archive.sources:
        mapping = plain(source.mapping, f"{name}, source {source.id}")
        if isinstance(mapping.get("state"), dict) and source.kind != STATEMENTS:
            mapping["state"]["digest"] = f"{digests.get(source.id, 0):x}"
        sources.append({**asdict(source), "mapping": mapping})
    _insert(writer, tables.sources, sources)
    _insert(writer, tables.products, rows["products"])
    _insert(writer, tables.reviews, rows["reviews"])
    _insert(writer, tables.documents, map(asdict, archive.documents))
    _insert(writer, tables.assertions, map(asdict, archive.assertions))
    _insert(writer, tables.log, map(asdict, log_of(archive, name)))
    return Joined(
        "whole", len(products), 0, len(archive.documents), len(archive.assertions), len(archive.log)
    )


def _insert(writer: Connection, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    for part in chunks(rows):
        writer.execute(insert(table), part)
