"""The texts that reviewers have looked into: as lessons for the tagger, and as a labelled set to take along.

A line of the labelled set is ``{"id", "category", "text", "values": {attribute: [surface, …]}, "spans": [{"start",
"end", "relation"}]}``: what reviewers accepted. An attribute of which every value was rejected has an empty list; one
nobody decided anything about is not listed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.domain import Assertion, Document, DocumentKind, EntryKind, Standing
from core.extract.example import Example
from core.extract.teach import examples_of
from core.graph.model import Graph
from core.graph.store import GraphStore

STANDS = (Standing.COMMITTED, Standing.MERGED)
"""What the graph holds for facts."""
SURE = 0.8
"""From this confidence on, what stands in a text may be taught although nobody looked at it."""
MODEL_TEXTS = 300
_READ = (DocumentKind.TEXT, DocumentKind.REVIEW)


@dataclass(frozen=True, slots=True)
class ReviewedText:
    """A text with a decision in it. ``accepted`` are the readings that a reviewer accepted, in text order; ``standing``
    all that the graph holds for facts, accepted or not; ``decided`` the relations that were decided about."""

    document: Document
    category: str
    accepted: tuple[Assertion, ...]
    standing: tuple[Assertion, ...]
    decided: frozenset[str]


def reviewed_texts(
    store: GraphStore,
    graph: Graph,
    assertions: Mapping[str, Assertion],
    verdicts: Mapping[str, EntryKind],
    categories: Mapping[str, str],
) -> list[ReviewedText]:
    """Every text or review with a decision that stands, by document id; cells are not text.

    ``assertions`` has all that are in the graph's ledger; ``verdicts`` is what counts of each that was decided.
    """
    live = [i for i in verdicts if i in graph.standing]
    documents = {(e.document.id, e.document.hash): e.document for e in store.evidence_of(live, graph)}
    within: dict[tuple[str, str], list[Assertion]] = {
        key: [] for key, document in documents.items() if document.kind in _READ
    }
    for i in graph.standing:
        found = assertions.get(i)
        if found and (key := (found.document_id, found.document_hash)) in within:
            within[key].append(found)
    return [
        _reviewed(documents[key], sorted(inside, key=_place), graph, verdicts, categories)
        for key, inside in sorted(within.items())
    ]


def model_texts(
    store: GraphStore,
    graph: Graph,
    assertions: Mapping[str, Assertion],
    categories: Mapping[str, str],
    reviewed: Collection[str],
) -> list[ReviewedText]:
    """The texts that a language model has read and of which everything that stands is sure, by document id; those in
    ``reviewed`` are left out, as people know better. At most ``MODEL_TEXTS``, those with most facts first."""
    within: dict[tuple[str, str], list[Assertion]] = {}
    for i, standing in graph.standing.items():
        found = assertions.get(i)
        if found and standing is not Standing.REJECTED and found.document_id not in reviewed:
            within.setdefault((found.document_id, found.document_hash), []).append(found)
    chosen = [
        inside
        for _, inside in sorted(within.items())
        if any(a.extractor.startswith("llm:") for a in inside)
        and all(graph.standing[a.id] in STANDS for a in inside)
        and all(graph.weighed.get(a.id, a.confidence) >= SURE for a in inside)
    ]
    chosen = sorted(chosen, key=len, reverse=True)[:MODEL_TEXTS]
    found_in = {e.document.id: e.document for e in store.evidence_of([c[0].id for c in chosen], graph)}
    return [
        _reviewed(found_in[inside[0].document_id], sorted(inside, key=_place), graph, {}, categories)
        for inside in chosen
        if found_in[inside[0].document_id].kind in _READ
    ]


def lessons(texts: Iterable[ReviewedText]) -> list[Example]:
    """One example a text: all that stands in it, so that what nobody looked at yet is not taught as wrong.

    A text of which nothing stands teaches that there is nothing in it.
    """
    made = []
    for text in texts:
        certain = {a.id for a in text.accepted}
        sure = [replace(a, confidence=1.0) if a.id in certain else a for a in text.standing]
        kind = "review" if text.document.kind is DocumentKind.REVIEW else "text"
        own = examples_of([text.document], sure, {text.document.product_id: text.category})
        made += own or [Example(text.document.text, (), text.category, kind)]
    return made


def labelled(texts: Iterable[ReviewedText]) -> list[dict[str, Any]]:
    """The labelled set, one plain object a text."""
    rows = []
    for text in texts:
        values: dict[str, list[str]] = {}
        for a in text.accepted:
            surfaces = values.setdefault(a.relation, [])
            if a.object not in surfaces:
                surfaces.append(a.object)
        nothing = text.decided - values.keys() - {a.relation for a in text.standing}
        values |= {relation: [] for relation in sorted(nothing)}
        rows.append(
            {
                "id": text.document.id,
                "category": text.category,
                "text": text.document.text,
                "values": values,
                "spans": [{"start": a.start, "end": a.end, "relation": a.relation} for a in text.accepted],
            }
        )
    return rows


def to_jsonl(rows: Iterable[Mapping[str, Any]]) -> str:
    """One object a line, in UTF-8 as it is written."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _reviewed(
    document: Document,
    inside: Sequence[Assertion],
    graph: Graph,
    verdicts: Mapping[str, EntryKind],
    categories: Mapping[str, str],
) -> ReviewedText:
    accepted = {
        (a.start, a.end, a.relation): a for a in inside if verdicts.get(a.id) is EntryKind.ACCEPTED
    }  # two readers of the same words are one label
    return ReviewedText(
        document,
        categories.get(document.product_id, ""),
        tuple(accepted.values()),
        tuple(a for a in inside if graph.standing[a.id] in STANDS),
        frozenset(a.relation for a in inside if a.id in verdicts),
    )


def _place(assertion: Assertion) -> tuple[int, int, str, str]:
    return assertion.start, assertion.end, assertion.relation, assertion.id
