"""The cascade of a workspace: its readers, its language model, and how far that is to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.domain import Assertion, Document
from core.extract.budget import Budget, Price
from core.extract.opinion import Trust
from core.extract.schema import Schema
from core.graph.reading import chunks, states
from core.llm.files import EMBEDDED
from core.stages.build_pane import Subject
from core.stages.build_plan import BuildParams
from core.stages.calibration import calibration_of
from core.storage.tables import assertions
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.extract.cascade import Reader, Work
    from core.extract.example import Example

USUAL_TRUST = 0.6
EMBEDDED_TRUST = 0.25
"""How often a model is taken to be right where it gives a value, until an evaluation in the workspace has measured it:
the embedded one, which is small and not taught, seldom."""


def cascade_of(
    workspace: Workspace, schema: Schema, params: BuildParams, budget: Budget | None = None
) -> Reader:
    """The readers of a build; nothing heavy is loaded yet but the tagger. Raises ExtractionError for a damaged tagger
    or span reader, ModelUnavailable for a language model that is not there."""
    from core.extract.cascade import CascadeConfig, Reader
    from core.extract.teach import reader_of, tagger_of
    from core.llm.cache import CachedModel
    from core.llm.registry import load

    pointed = frozenset(params.product_ids) if params.order == "given" else frozenset()
    trust = prior_trust(workspace, params.model)
    config = CascadeConfig(llm_products=params.llm_products, pointed=pointed, trust=trust)
    model = CachedModel(load(params.model), workspace.db) if params.model else None
    return Reader(
        schema,
        tagger_of(workspace),
        model,
        shown(workspace) if model else (),
        config,
        reader_of(workspace),
        budget,
        calibration_of(workspace),
    )


def shown(workspace: Workspace) -> list[Example]:
    """What a language model may be shown as examples: what reviewers decided in this workspace, then the sample's
    gold."""
    from core.catalogue.store import Catalogue
    from core.extract.shipped import read_gold
    from core.graph.labelled_export import lessons, reviewed_texts
    from core.graph.reading import read_assertions
    from core.graph.review_log import final_verdicts, read_decisions
    from core.graph.store import GraphStore

    with workspace.db.read() as reader:
        made = read_decisions(reader)
        known = {a.id: a for a in read_assertions(reader)} if made else {}
    if not made:
        return read_gold()
    store = GraphStore(workspace)
    categories = {product.id: product.category or "" for product in Catalogue(workspace).products()}
    texts = reviewed_texts(store, store.graph(), known, final_verdicts(made), categories)
    return [*lessons(texts), *read_gold()]


def prior_trust(workspace: Workspace, model: str) -> float:
    """How often a model is right, before it reads: by the latest evaluation that used it, else what is usual."""
    usual = EMBEDDED_TRUST if model == EMBEDDED else USUAL_TRUST
    return evaluated(workspace, model).after(usual)


def evaluated(workspace: Workspace, model: str) -> Trust:
    """How a model stood beside what was sure in the latest evaluation of the workspace that used it."""
    from core.errors import DataError
    from core.stages.evaluate_result import kept, load

    for path in kept(workspace):
        try:
            result = load(workspace, path.stem)
        except DataError:
            continue
        if result.get("params", {}).get("model") == model and result.get("trust"):
            return Trust(*map(float, result["trust"]))
    return Trust()


def price_of(model: str) -> Price:
    """What a model costs; no price for one that runs here."""
    from core.llm.registry import available

    card = next((card for card in available() if card.id == model), None)
    return Price(card.price_in, card.price_out) if card else Price()


def told(workspace: Workspace, documents: Sequence[Document]) -> dict[str, list[Assertion]]:
    """What language models have said of these texts and is still held, by document id."""
    found: list[Assertion] = []
    hashes = {document.id: document.hash for document in documents}
    with workspace.db.read() as connection:
        for part in chunks(sorted(hashes)):
            rows = connection.execute(
                select(assertions).where(
                    assertions.c.extractor.like("llm:%"), assertions.c.document_id.in_(part)
                )
            )
            found += [Assertion(*row) for row in rows]
        current = [a for a in found if hashes[a.document_id] == a.document_hash]
        standing = states(connection, [a.id for a in current])
    held: dict[str, list[Assertion]] = {}
    for a in sorted(current, key=lambda a: a.id):
        if standing[a.id].live:
            held.setdefault(a.document_id, []).append(a)
    return held


def work_of(subject: Subject) -> Work:
    """A product as the cascade reads it."""
    from core.extract.cascade import Work

    product = subject.product
    return Work(product.id, subject.documents, product.category or "", product.brand or "")
