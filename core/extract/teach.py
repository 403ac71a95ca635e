"""From facts to lessons: what reviewers accepted, or a language model found, becomes labelled text for the tagger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from core.domain import Assertion, Document, DocumentKind
from core.extract import shipped, tagger
from core.extract.ground import Span, is_grounded, without_overlaps
from core.extract.tagger import Example, Tagger
from core.storage.workspaces import Workspace

FOLDER = "tagger"


def examples_of(
    documents: Iterable[Document], assertions: Iterable[Assertion], categories: Mapping[str, str]
) -> list[Example]:
    """One example a text or review that has at least one of the assertions.

    ``categories`` is by product id. Only assertions of exactly this version of a document count; cells are not text.
    """
    claims: dict[tuple[str, str], list[Assertion]] = {}
    for assertion in assertions:
        claims.setdefault((assertion.document_id, assertion.document_hash), []).append(assertion)
    made = []
    for document in documents:
        own = claims.get((document.id, document.hash), [])
        spans = [
            Span(a.start, a.end, a.relation, a.confidence)
            for a in own
            if is_grounded(document.text, a.object, a.start, a.end)
        ]
        if spans and document.kind is not DocumentKind.CELL:
            kind = "review" if document.kind is DocumentKind.REVIEW else "text"
            category = categories.get(document.product_id, "")
            made.append(Example(document.text, tuple(without_overlaps(spans)), category, kind))
    return made


def teach(workspace: Workspace, examples: Iterable[Example], *, with_sample: bool = True) -> Tagger:
    """Train the workspace's own tagger and keep it in its ``tagger`` folder; the sample's gold is taught too, unless
    ``with_sample`` is off. Raises DataError when there is nothing labelled."""
    lessons = [*examples, *(shipped.read_gold() if with_sample else [])]
    made = tagger.train(lessons)
    made.save(workspace.sub(FOLDER) / made.version)
    (workspace.sub(FOLDER) / "current").write_text(made.version, "utf-8")
    return made


def tagger_of(workspace: Workspace) -> Tagger:
    """The workspace's own tagger where it has one, else the shipped one; raises ExtractionError if it is damaged."""
    current = Path(workspace.folder) / FOLDER / "current"
    if current.is_file():
        return Tagger.load(current.parent / current.read_text("utf-8").strip())
    return shipped.default_tagger()
