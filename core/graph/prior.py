"""Prior knowledge as a source of the graph: a taxonomy or triples that somebody has made before.

Each statement is a document, its words the evidence. Its subject is a product, by id or by its exact title, or else a
value: of the type the file says, of the type under which the graph knows the words, or a category.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from core.catalogue import digest, quarantine, sources
from core.catalogue.item_writer import document_row
from core.catalogue.mapping import ColumnMapping
from core.catalogue.quarantine import OPEN
from core.catalogue.rows import Issue, RawRow
from core.catalogue.statements import Statement, read_statements
from core.catalogue.synonyms import STATEMENTS
from core.domain import Assertion, Document, DocumentKind, content_hash
from core.extract import schema
from core.extract.columns import relation_of
from core.extract.tokens import fold as folded
from core.graph.log import Log
from core.graph.mentions import Mentions
from core.graph.model import Graph, Title, product_id, value_subject
from core.graph.reading import chunks
from core.graph.store import GraphStore, read_titles
from core.ontology import RELATIONS
from core.storage import tables
from core.storage.database import upsert
from core.storage.workspaces import Workspace

EXTRACTOR, VERSION = "statements", "1"
FIELD = "statement"
BETWEEN = " · "
_PRODUCT = frozenset(("product", "商品", "产品"))
_BROADER = frozenset(
    folded(words)
    for words in (
        "broader", "is a", "is-a", "isa", "is a kind of", "kind of", "type of", "subclass of", "sub class of",
        "subclassof", "subcategory of", "parent", "has parent", "hypernym", "belongs to", "属于", "是一种", "上位",
        "上位词", "父类",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PriorReport:
    """What came of a file: statements that are in the graph now, of them new and about products; statements that an
    earlier version of the file had; rows kept apart; and rows that only name or order things."""

    source_id: str
    statements: int = 0
    added: int = 0
    about_products: int = 0
    gone: int = 0
    kept_apart: int = 0
    structural: int = 0
    unchanged: bool = False


def import_statements(
    workspace: Workspace,
    data: bytes | Path,
    name: str,
    *,
    check: Callable[[], None] | None = None,
) -> PriorReport:
    """Read a file of statements into the source of that name. The same file again changes nothing.

    Raises UnreadableFile or MappingError for a file that gives nothing.
    """
    found = read_statements(data, name)
    mapping = ColumnMapping(STATEMENTS, {})
    with workspace.db.read() as reader:
        known = sources.find(reader, STATEMENTS, name)
        titles = read_titles(reader)
    if known and known.content_hash == found.content_hash:
        return PriorReport(known.id, known.rows_ok, kept_apart=known.rows_quarantined, unchanged=True)
    naming = _Naming(titles, GraphStore(workspace).graph())
    with workspace.db.write() as writer:
        source = known or sources.create(writer, STATEMENTS, name, "upload", mapping)
        before = _current(writer, source.id)
        documents, bad = _documents(found.good, naming, source.id, before)
        bad = [*found.bad, *bad]
        fresh = [key for key in documents if key not in before]
        for part in chunks(fresh, 500):
            if check:
                check()
            upsert(writer, tables.documents, [document_row(documents[key].document) for key in part])
        _retire(writer, [key for key in before if key not in documents])
        quarantine.clear_undecided(writer, source.id)
        quarantine.add(writer, source.id, bad, OPEN)
        log = Log(workspace)
        log.reconcile(writer)
        log.append((documents[key].assertion for key in fresh), (), writer)
        saved = replace(
            source,
            content_hash=found.content_hash,
            columns=found.columns,
            imported_at=time.time(),
            rows_read=len(found.good) + len(found.bad),
            rows_ok=len(documents),
            rows_quarantined=len(bad),
            digest=digest.add(0, (int(one.document.hash, 16) for one in documents.values())),
        )
        sources.save(writer, saved)
    return PriorReport(
        source.id,
        statements=len(documents),
        added=len(fresh),
        about_products=sum(one.document.product_id in titles for one in documents.values()),
        gone=len(before.keys() - documents.keys()),
        kept_apart=len(bad),
        structural=found.structural,
    )


class _Said(NamedTuple):
    """A statement as a document, whose last words are the object."""

    document: Document
    statement: Statement

    @property
    def assertion(self) -> Assertion:
        """What it asserts."""
        said, end = self.statement.relation, len(self.document.text)
        return Assertion.of(
            self.document,
            "broader" if folded(said) in _BROADER else relation_of(said, schema.default()),
            end - len(self.statement.object),
            end,
            extractor=EXTRACTOR,
            extractor_version=VERSION,
            schema_version="",
        )


def _documents(
    good: Sequence[tuple[int, Statement]], naming: _Naming, source_id: str, before: Mapping[str, str]
) -> tuple[dict[str, _Said], list[tuple[RawRow, Issue]]]:
    """The document of each statement by its id, and the rows whose subject cannot be told.

    A statement that is there already keeps the subject that was found for it first (``before``: id → subject).
    """
    documents: dict[str, _Said] = {}
    bad: list[tuple[RawRow, Issue]] = []
    for line, statement in good:
        key = f"{source_id}/{content_hash(*statement)[:20]}"
        subject = before.get(key) or naming.subject(statement)
        if isinstance(subject, Issue):
            bad.append((RawRow(line, statement._asdict()), subject))
            continue
        text = BETWEEN.join((statement.subject, statement.relation, statement.object))
        kind = DocumentKind.STATEMENT
        document = Document.of(key, subject, FIELD, kind, text, source_id=source_id)
        documents[key] = _Said(document, statement)
    return documents, bad


def _current(reader: Connection, source_id: str) -> dict[str, str]:
    """The subject of each statement that a source holds now, by the document's id."""
    d = tables.documents
    query = select(d.c.id, d.c.product_id).where(d.c.source_id == source_id, d.c.current)
    return {row.id: row.product_id for row in reader.execute(query)}


def _retire(writer: Connection, ids: Sequence[str]) -> None:
    d = tables.documents
    for part in chunks(ids, 500):
        writer.execute(update(d).where(d.c.id.in_(part)).values(current=False))


class _Naming:
    """Finds what the subject of a statement is."""

    def __init__(self, titles: Mapping[str, Title], graph: Graph) -> None:
        self._mentions = Mentions(titles)
        self._products = titles
        self._types: dict[str, set[str]] = {}
        for node in graph.nodes.values():
            if product_id(node.id) is None:
                for words in (node.label, *node.aliases):
                    self._types.setdefault(folded(words), set()).add(node.type)
        self._relations = {relation.node_type: relation.name for relation in reversed(RELATIONS.values())}

    def subject(self, statement: Statement) -> str | Issue:
        """The subject of the assertion, or why it cannot be told."""
        words = statement.subject
        product = words if words in self._products else self._mentions.product(words)
        if folded(statement.type) in _PRODUCT:
            return product or Issue("subject", "unknown_product", words)
        if statement.type:
            return value_subject(self._relation(statement.type), words)
        if product:
            return product
        prefix, colon, rest = words.partition(":")
        if colon and rest.strip() and self._known_type(prefix):
            return value_subject(self._relation(prefix), rest.strip())
        types = self._types.get(folded(words), set())
        # An attribute of one shop ("Werkstoff") beside a canonical one is no doubt about what kind of thing it is.
        types = types & self._relations.keys() or types
        if len(types) > 1:
            return Issue("subject", "ambiguous_subject", ", ".join(sorted(types)))
        return value_subject(self._relation(next(iter(types))) if types else "category", words)

    def _known_type(self, words: str) -> bool:
        return words in RELATIONS or words[:1].upper() + words[1:] in self._relations

    def _relation(self, words: str) -> str:
        """The relation whose values are of a type."""
        return self._relations.get(words[:1].upper() + words[1:]) or relation_of(words, schema.default())
