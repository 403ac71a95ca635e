"""Confidence calibrated on the workspace's own catalogue: fitted to reviewers' decisions before a build reads.

Only decisions count that the readers have not learned from, about words that they would read there now. Readings under
another calibration are other readings, so it is fitted anew when there are twice as many decisions as the last time,
not after each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from core.catalogue.store import Catalogue
from core.domain import Assertion, Document, DocumentKind, EntryKind, content_hash
from core.extract.calibrate import AS_IT_IS, LEAST, Calibration, fit
from core.extract.joint import GIVEN, Joint, Passage
from core.extract.schema import Schema
from core.extract.teach import reader_of, reading_with, tagger_of, taught_texts
from core.graph.reading import read_assertions
from core.graph.review_log import final_verdicts, read_decisions
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FILE = "calibration.json"
_BATCH = 64
Place = tuple[str, int, int, str]


def calibration_of(workspace: Workspace) -> Calibration:
    """The calibration that builds read with; as it is where none was fitted or the readers were taught since."""
    kept = _kept(workspace)
    if not kept or kept["readers"] != reading_with(workspace):
        return AS_IT_IS
    return Calibration(kept["slope"], kept["shift"], kept["facts"])


def recalibrate(workspace: Workspace, schema: Schema) -> Calibration:
    """The same, fitted anew first where enough was decided meanwhile: twice as much as the last time, ``LEAST`` facts
    at least. Reads the decided texts, hundreds a second. Raises what loading the readers does."""
    now = calibration_of(workspace)
    reader = reader_of(workspace)
    if reader is None or len(_verdicts(workspace)) < max(LEAST, 2 * now.facts):
        return now
    found = decided(workspace, Joint(schema, tagger_of(workspace), reader))
    if len(found) < max(LEAST, 2 * now.facts):
        return now
    made = fit(found)
    kept = {"slope": made.slope, "shift": made.shift, "facts": made.facts, "readers": reading_with(workspace)}
    write_json(_path(workspace), kept)
    return made


def decided(workspace: Workspace, joint: Joint) -> list[tuple[float, bool]]:
    """How sure ``joint`` is of each value in product text that was accepted, rejected or corrected, and whether it is
    right; texts that it was taught here are left out."""
    verdicts = _verdicts(workspace)
    with workspace.db.read() as connection:
        claims = list(read_assertions(connection, sorted(verdicts)))
    right: dict[Place, bool] = {}
    for claim in claims:
        accepted = verdicts[claim.id] is EntryKind.ACCEPTED
        right[_place(claim)] = right.get(_place(claim), False) or accepted
    documents = _texts(workspace, claims)
    passages = _passages(workspace, documents)
    made = []
    for first in range(0, len(documents), _BATCH):
        last = first + _BATCH
        for document, heard in zip(documents[first:last], joint.read(passages[first:last]), strict=True):
            for said in heard.said:
                place = (document.id, said.span.start, said.span.end, said.span.relation)
                if place in right and said.span.confidence >= GIVEN:
                    made.append((said.span.confidence, right[place]))
    return made


def _texts(workspace: Workspace, claims: Iterable[Assertion]) -> list[Document]:
    """The current product texts of these claims that the readers were not taught here."""
    versions = {(claim.document_id, claim.document_hash): claim.subject for claim in claims}
    taught = taught_texts(workspace)
    return [
        document
        for document in Catalogue(workspace).documents(sorted(set(versions.values())))
        if document.kind is DocumentKind.TEXT
        and (document.id, document.hash) in versions
        and content_hash(document.text) not in taught
    ]


def _passages(workspace: Workspace, documents: Sequence[Document]) -> list[Passage]:
    owners = sorted({document.product_id for document in documents})
    products = {product.id: product for product in Catalogue(workspace).products(owners)}
    return [
        Passage(
            d.text,
            products[d.product_id].category or "",
            "text",
            d.language,
            products[d.product_id].brand or "",
        )
        for d in documents
    ]


def _place(claim: Assertion) -> Place:
    return claim.document_id, claim.start, claim.end, claim.relation


def _verdicts(workspace: Workspace) -> dict[str, EntryKind]:
    with workspace.db.read() as connection:
        return dict(final_verdicts(read_decisions(connection)))


def _kept(workspace: Workspace) -> dict[str, Any] | None:
    path = _path(workspace)
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def _path(workspace: Workspace) -> Path:
    return Path(workspace.folder) / FILE
