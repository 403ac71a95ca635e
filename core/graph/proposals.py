"""Predicted facts as proposals: assertions with evidence, kept apart until a reviewer decides.

Where the product's own text has the words of the value, they are the evidence. Elsewhere the prediction is its own
document: a line "Material: oak" whose span is the value, which no reader reads (docs/decisions/0012).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.catalogue.item_writer import document_row
from core.catalogue.language import detect
from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry, Node, Standing, content_hash
from core.extract.ground import find
from core.extract.normalise import normalise
from core.extract.schema import Schema
from core.extract.tokens import has_cjk
from core.graph.embedding.predict import Prediction
from core.graph.log import Log
from core.graph.model import Graph, Reason, product_id
from core.graph.reading import chunks, read_assertions, states
from core.graph.review_log import VERDICTS
from core.ontology import relation as relation_of
from core.storage import tables
from core.storage.database import upsert
from core.storage.workspaces import Workspace

EXTRACTOR = "prediction"
VERSION = "1"
WITHDRAWN = "no_longer_predicted"
Said = frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Proposed:
    """What came of proposing: proposals that are new, of those how many stand on words of the product's own text, those
    waiting from before, and those withdrawn because nothing predicts them any more. ``unworded`` could not be said in
    words that mean the value again."""

    new: int = 0
    grounded: int = 0
    waiting: int = 0
    withdrawn: int = 0
    unworded: int = 0


def said(workspace: Workspace, graph: Graph) -> Said:
    """(subject node, relation, value node) of what somebody has asserted and is not a fact: kept apart or rejected.

    A proposal that nobody has decided about is left out, so that it can be predicted again.
    """
    with workspace.db.read() as reader:
        apart = list(read_assertions(reader, list(graph.reasons)))
    return frozenset(
        (graph.resolve(f"product:{a.subject}"), a.relation, graph.resolve(_node(graph, a)))
        for a in apart
        if a.extractor != EXTRACTOR or graph.standing[a.id] is Standing.REJECTED
    )


def asserted(workspace: Workspace, graph: Graph) -> dict[tuple[str, str, str], str]:
    """(subject node, relation, value node) of every proposal there ever was, with the id of its assertion."""
    a = tables.assertions
    with workspace.db.read() as reader:
        ids = list(reader.scalars(select(a.c.id).where(a.c.extractor == EXTRACTOR).order_by(a.c.id)))
        made = list(read_assertions(reader, ids))
    return {
        (graph.resolve(f"product:{a.subject}"), a.relation, graph.resolve(_node(graph, a))): a.id
        for a in made
    }


def support_of(workspace: Workspace, assertion_id: str) -> tuple[str, ...]:
    """The titles of the products because of which a proposal was first made, the nearest first; () for others."""
    log = tables.log
    query = select(log.c.data).where(log.c.target == assertion_id, log.c.kind == EntryKind.QUARANTINED.value)
    with workspace.db.read() as reader:
        data = reader.scalars(query.order_by(log.c.seq.desc()).limit(1)).first()
    return tuple(data.get("named", ())) if data else ()


def wanted(graph: Graph, spoken: Said) -> Callable[[str, str, str], bool]:
    """Which facts may be predicted: of products, with a value that is not a product, that nobody has spoken about."""

    def may(subject: str, relation: str, node: str) -> bool:
        return (
            product_id(subject) is not None
            and product_id(node) is None
            and relation_of(relation).node_type != "Product"
            and (subject, relation, node) not in spoken
        )

    return may


def propose(
    workspace: Workspace,
    graph: Graph,
    predictions: Sequence[Prediction],
    schema: Schema,
    *,
    replace: bool = False,
    job_id: str = "",
) -> Proposed:
    """Put predictions on the Review page, all in one transaction; saying one again changes only its probability.

    With ``replace``, proposals from before that are not among them and that nobody decided about are withdrawn.
    """
    with workspace.db.write() as writer:
        subjects = [i for p in predictions if (i := product_id(p.subject))]
        texts = _texts(writer, subjects)
        made: dict[str, tuple[Assertion, Prediction]] = {}
        documents: list[Document] = []
        grounded = unworded = 0
        for prediction in predictions:
            worded = _worded(prediction, graph, texts.get(product_id(prediction.subject) or "", []), schema)
            if worded is None:
                unworded += 1
                continue
            assertion, document = worded
            made[assertion.id] = (assertion, prediction)
            grounded += document is None
            if document is not None:
                documents.append(document)
        upsert(writer, tables.documents, [document_row(document) for document in documents])
        before = _waiting(writer)
        log = Log(workspace)
        entries = [entry for assertion, p in made.values() for entry in _entries(assertion, p, graph, before)]
        log.append([assertion for assertion, _ in made.values()], entries, writer, job_id=job_id)
        gone = sorted(before - made.keys()) if replace else []
        log.retract(gone, WITHDRAWN, EXTRACTOR, writer)
    fresh = made.keys() - before
    return Proposed(len(fresh), grounded, len(made) - len(fresh), len(gone), unworded)


def _entries(
    assertion: Assertion, prediction: Prediction, graph: Graph, before: set[str]
) -> Iterable[LogEntry]:
    support = [graph.label(node) for node in prediction.support]
    yield LogEntry(
        EntryKind.QUARANTINED,
        assertion.id,
        {"reason": Reason.PREDICTED.value, "support": list(prediction.support), "named": support},
        EXTRACTOR,
    )
    if assertion.id in before:
        yield LogEntry(
            EntryKind.WEIGHED, assertion.id, {"confidence": round(prediction.probability, 4)}, EXTRACTOR
        )


def _worded(
    prediction: Prediction, graph: Graph, texts: Sequence[Document], schema: Schema
) -> tuple[Assertion, Document | None] | None:
    """The assertion, with the document that has to be made for it; None where no words mean the value."""
    node = graph.nodes[prediction.object]
    marks = {
        "extractor": EXTRACTOR,
        "extractor_version": VERSION,
        "schema_version": schema.version,
        "confidence": round(prediction.probability, 4),
    }
    wide = bool(texts) and texts[0].language == "zh"
    names = [name for name in _names(node) if _means(prediction.relation, name, node.id, graph, schema)]
    names.sort(key=lambda name: has_cjk(name) != wide)
    for document in texts:
        for name in names:
            if place := _place(document.text, name, prediction.relation, node.id, graph, schema):
                return Assertion.of(document, prediction.relation, *place, **marks), None  # type: ignore[arg-type]
    if not names:
        return None
    document = _document(prediction, names[0], texts, schema)
    start = len(document.text) - len(names[0])
    made = Assertion.of(document, prediction.relation, start, len(document.text), **marks)  # type: ignore[arg-type]
    return made, document


def _document(prediction: Prediction, name: str, texts: Sequence[Document], schema: Schema) -> Document:
    product = product_id(prediction.subject) or ""
    language = texts[0].language if texts else detect(name)
    attribute = schema.attribute(prediction.relation)
    label = attribute.named(language) if attribute else prediction.relation
    key = content_hash(prediction.relation, prediction.object)[:12]
    return Document.of(
        f"{product}/prediction:{key}",
        product,
        EXTRACTOR,
        DocumentKind.PREDICTION,
        f"{label}: {name}",
        language=language,
    )


def _place(
    text: str, name: str, relation: str, node: str, graph: Graph, schema: Schema
) -> tuple[int, int] | None:
    """Where the text has the name as whole words that mean the value, in whatever case they are written."""
    for match in re.finditer(re.escape(name), text, re.IGNORECASE):
        if match.span() in find(text, match.group()) and _means(relation, match.group(), node, graph, schema):
            return match.span()
    return None


def _means(relation: str, words: str, node: str, graph: Graph, schema: Schema) -> bool:
    """Whether the words, as the fold normalises them, are the value."""
    key = normalise(relation, words, schema.rules().get(relation)).key
    return graph.resolve(f"{relation_of(relation).node_type.lower()}:{key}") == node


def _names(node: Node) -> list[str]:
    return [name for name in dict.fromkeys((node.label, *node.aliases)) if name and name == name.strip()]


def _node(graph: Graph, assertion: Assertion) -> str:
    kind = relation_of(assertion.relation).node_type.lower()
    return f"{kind}:{graph.value_of(assertion).key}"


def _texts(reader: Connection, products: Iterable[str]) -> dict[str, list[Document]]:
    """The present texts of products, titles first."""
    d = tables.documents
    found: dict[str, list[Document]] = {}
    for part in chunks(dict.fromkeys(products), 500):
        query = select(d).where(d.c.current, d.c.kind == DocumentKind.TEXT.value, d.c.product_id.in_(part))
        for row in reader.execute(query.order_by(d.c.product_id, d.c.field.desc())):
            document = Document(
                row.id, row.product_id, row.field, DocumentKind.TEXT, row.text, row.hash, row.language
            )
            found.setdefault(row.product_id, []).append(document)
    return found


def _waiting(reader: Connection) -> set[str]:
    """Ids of the live proposals that nobody has decided about."""
    a, log = tables.assertions, tables.log
    ids = list(reader.scalars(select(a.c.id).where(a.c.extractor == EXTRACTOR)))
    decided = {
        target
        for part in chunks(ids)
        for target in reader.scalars(
            select(log.c.target).where(log.c.target.in_(part), log.c.kind.in_(VERDICTS))
        )
    }
    return {i for i, state in states(reader, ids).items() if state.live and i not in decided}
