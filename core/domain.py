"""The frozen types that every part of ShelfGraph speaks in.

Times are seconds since the epoch, UTC. Offsets are Unicode code points, end exclusive. Confidences are
probabilities in [0, 1].
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


def content_hash(*parts: str) -> str:
    """A 32-digit hexadecimal BLAKE2b digest of the parts; the same parts give the same hash on any machine."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space: equal values give equal strings."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue. ``attributes`` are the structured columns that have no field of their own."""

    id: str
    title: str
    description: str = ""
    brand: str | None = None
    category: str | None = None
    price: float | None = None
    currency: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    source_id: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """One review of a product; ``rating`` is 1 to 5 where given."""

    id: str
    product_id: str
    text: str
    rating: float | None = None
    shopper_id: str | None = None
    time: float | None = None
    source_id: str = ""


class EventKind(StrEnum):
    """What a shopper did."""

    VIEW = "view"
    CART = "cart"
    PURCHASE = "purchase"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a shopper did with a product. ``value`` is a rating or a quantity."""

    shopper_id: str
    product_id: str
    kind: EventKind
    time: float
    value: float = 1.0


class DocumentKind(StrEnum):
    """Where a document's text comes from: the catalogue, a review, or a prediction that states itself and that nothing
    reads (docs/decisions/0012)."""

    TEXT = "text"
    CELL = "cell"
    REVIEW = "review"
    PREDICTION = "prediction"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True)
class Document:
    """One text field of one product or review.

    ``id`` is ``<product id>/<field>`` or ``<review id>/text`` and does not change when the text does; ``hash``
    is the content hash of the text. ``product_id`` is the product the text speaks of.
    """

    id: str
    product_id: str
    field: str
    kind: DocumentKind
    text: str
    hash: str
    language: str = ""
    source_id: str = ""

    @staticmethod
    def of(
        document_id: str,
        product_id: str,
        field_name: str,
        kind: DocumentKind,
        text: str,
        *,
        language: str = "",
        source_id: str = "",
    ) -> Document:
        """Make a document and its content hash."""
        return Document(
            document_id, product_id, field_name, kind, text, content_hash(text), language, source_id
        )


@dataclass(frozen=True, slots=True)
class Assertion:
    """A claim with its evidence: ``document.text[start:end] == object``, always.

    ``subject`` is a product id, or a value by its words (``core.graph.model.value_subject``). ``relation`` is a name of
    the ontology or of the schema. The id is the content hash of everything but the confidence, so that the same claim
    from the same words is the same assertion.
    """

    id: str
    subject: str
    relation: str
    object: str
    document_id: str
    document_hash: str
    start: int
    end: int
    extractor: str
    extractor_version: str
    schema_version: str
    confidence: float = 1.0

    @staticmethod
    def of(
        document: Document,
        relation: str,
        start: int,
        end: int,
        *,
        extractor: str,
        extractor_version: str,
        schema_version: str,
        confidence: float = 1.0,
    ) -> Assertion:
        """Assert the words at ``document.text[start:end]``; raises ValueError for a span outside the text."""
        if not 0 <= start < end <= len(document.text):
            raise ValueError(f"span {start}:{end} is outside {document.id} of length {len(document.text)}")
        words = document.text[start:end]
        key = content_hash(
            document.product_id,
            relation,
            words,
            document.id,
            document.hash,
            str(start),
            str(end),
            extractor,
            extractor_version,
            schema_version,
        )
        return Assertion(
            key,
            document.product_id,
            relation,
            words,
            document.id,
            document.hash,
            start,
            end,
            extractor,
            extractor_version,
            schema_version,
            confidence,
        )


class EntryKind(StrEnum):
    """What an entry of the log says.

    Target of each: ASSERTED, RETRACTED, ACCEPTED, REJECTED, CORRECTED: an assertion id; QUARANTINED: an assertion id
    with ``data["reason"]``; WEIGHED: an assertion id with ``data["confidence"]``, what is known of it now that others
    have read the same words; MERGED, SPLIT: a node id with ``data["into"]``; SCHEMA: a schema version; ALIGNED: a
    relation, of one source or schema version where ``data`` names one, with ``data["into"]`` (see
    ``core.graph.alignments``); RULE: a rule's id with its parts, or with nothing, which withdraws it.
    """

    ASSERTED = "asserted"
    RETRACTED = "retracted"
    QUARANTINED = "quarantined"
    WEIGHED = "weighed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CORRECTED = "corrected"
    MERGED = "merged"
    SPLIT = "split"
    SCHEMA = "schema"
    ALIGNED = "aligned"
    RULE = "rule"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the append-only log; ``seq`` is its position, given by the store (0 before it is stored)."""

    kind: EntryKind
    target: str
    data: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""
    time: float = 0.0
    job_id: str = ""
    seq: int = 0


class Standing(StrEnum):
    """Where an assertion stands: the four addends of the ledger."""

    COMMITTED = "committed"
    MERGED = "merged"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts of live assertions: ``extracted`` is the sum of the other four, by construction."""

    committed: int = 0
    merged: int = 0
    quarantined: int = 0
    rejected: int = 0

    @property
    def extracted(self) -> int:
        """All live assertions."""
        return self.committed + self.merged + self.quarantined + self.rejected


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the graph. ``id`` is ``product:<id>`` or ``<node type>:<canonical value>``; ``aliases`` are the
    surface forms seen, most frequent first."""

    id: str
    type: str
    label: str
    aliases: tuple[str, ...] = ()


class Derivation(NamedTuple):
    """One way in which a fact follows: the id of the rule, and the ids of the facts it followed from."""

    rule: str
    premises: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """An edge of the graph: what stands, with the assertions that support it, or the rules that it follows by.

    ``confidence`` is that of the best support, raised by independent ones (noisy or); of a derived fact it is that of
    its least sure premise. ``sources`` are the ids of the sources whose documents say it, in order. A fact has
    ``derivations`` where no assertion supports it, and only then.
    """

    id: str
    subject: str
    relation: str
    object: str
    supports: tuple[str, ...]
    confidence: float
    sources: tuple[str, ...] = ()
    derivations: tuple[Derivation, ...] = ()
