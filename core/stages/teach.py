"""The stage "teach": the tagger learns from what reviewers decided, in seconds, beside the sample's own gold.

The result counts the decisions, the texts they are in and the facts that stand in those.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from core.catalogue.store import Catalogue
from core.errors import DataError
from core.extract.teach import teach
from core.graph.labelled_export import lessons, reviewed_texts
from core.graph.reading import read_assertions
from core.graph.review_log import final_verdicts, read_decisions
from core.graph.store import GraphStore
from core.jobs import Context


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Train the workspace's own tagger; raises DataError where no text has a decision in it."""
    begun = monotonic()
    context.progress(0, 0, "documents")
    store = GraphStore(context.workspace)
    with context.workspace.db.read() as reader:
        made = read_decisions(reader)
        assertions = {a.id: a for a in read_assertions(reader)}
    categories = {product.id: product.category or "" for product in Catalogue(context.workspace).products()}
    texts = reviewed_texts(store, store.graph(), assertions, final_verdicts(made), categories)
    if not texts:
        raise DataError(
            "There is no text with a decision in it.",
            where="review",
            remedy="Accept, reject or correct a few facts that were read from a text.",
        )
    context.check()
    context.progress(0, 0, "tagger")
    tagger = teach(context.workspace, lessons(texts))
    return {
        "decisions": len(made),
        "texts": len(texts),
        "facts": sum(len(text.standing) for text in texts),
        "examples": tagger.about["examples"],
        "version": tagger.version,
        "seconds": monotonic() - begun,
    }
