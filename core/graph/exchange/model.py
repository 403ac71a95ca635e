"""What a graph is rebuilt from, independent of any format: the records that every writer writes and reader reads.

Nodes and facts are not among them: they follow from the records by the fold, and a file that was changed so that they
do not is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from core.domain import Assertion, content_hash
from core.graph.model import Graph

FORMAT_VERSION = 1

NOT_CARRIED = ("events", "shoppers", "deliveries", "runs", "marks")
"""What no format carries, as it is not the graph: shopping events; who wrote a review; texts as they were before they
were cleaned; training runs and jobs; which texts have been read without a find."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself: the workspace's name, the hash of its graph, the position of its log, and the policy
    that it was folded by, as canonical JSON ("{}" for the usual one)."""

    name: str
    graph_hash: str
    seq: int
    policy: str = "{}"
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A file of the catalogue; ``mapping`` is canonical JSON."""

    id: str
    kind: str
    name: str
    origin: str
    content_hash: str
    mapping: str
    imported_at: float
    rows_read: int
    rows_ok: int
    rows_quarantined: int


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """A product; ``attributes`` is canonical JSON."""

    id: str
    source_id: str
    title: str
    description: str
    brand: str | None
    category: str | None
    price: float | None
    currency: str | None
    attributes: str


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """A review, without its shopper."""

    id: str
    source_id: str
    product_id: str
    text: str
    rating: float | None
    time: float | None


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A text that assertions point into, or may; ``current`` is False for what it said before."""

    id: str
    hash: str
    product_id: str
    field: str
    kind: str
    text: str
    language: str
    source_id: str
    current: bool


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry of the log, whatever its kind; ``data`` is canonical JSON."""

    seq: int
    kind: str
    target: str
    data: str
    actor: str
    time: float
    job_id: str


Record: TypeAlias = SourceRecord | ProductRecord | ReviewRecord | DocumentRecord | Assertion | EntryRecord

TABLES: Mapping[str, type[Any]] = {
    "sources": SourceRecord,
    "products": ProductRecord,
    "reviews": ReviewRecord,
    "documents": DocumentRecord,
    "assertions": Assertion,
    "log": EntryRecord,
}
"""The records of an archive by the name of their table, in the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Archive:
    """All that a graph is rebuilt from. Each table is ordered by its key, so that equal graphs give equal files."""

    header: Header
    sources: tuple[SourceRecord, ...] = ()
    products: tuple[ProductRecord, ...] = ()
    reviews: tuple[ReviewRecord, ...] = ()
    documents: tuple[DocumentRecord, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    log: tuple[EntryRecord, ...] = ()

    def tables(self) -> Iterator[tuple[str, Sequence[Record]]]:
        """Each table's name with its records."""
        for name in TABLES:
            yield name, getattr(self, name)

    @property
    def digest(self) -> str:
        """The hash of all records: equal for equal archives, whatever file they came in."""
        return content_hash(*(repr(record) for _, records in self.tables() for record in records))

    def ordered(self) -> Archive:
        """The same with each table in the order of its key."""
        return replace(
            self,
            sources=tuple(sorted(self.sources, key=lambda r: r.id)),
            products=tuple(sorted(self.products, key=lambda r: r.id)),
            reviews=tuple(sorted(self.reviews, key=lambda r: r.id)),
            documents=tuple(sorted(self.documents, key=lambda r: (r.id, r.hash))),
            assertions=tuple(sorted(self.assertions, key=lambda r: r.id)),
            log=tuple(sorted(self.log, key=lambda r: r.seq)),
        )


@dataclass(frozen=True)
class Package:
    """What a writer is given: the records, and the graph that follows from them, for other programs to see."""

    archive: Archive
    graph: Graph
