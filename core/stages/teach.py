"""The stage "teach": tagger and span reader learn from what reviewers decided and what a language model is sure of,
beside the sample's own gold.

The result counts the decisions, the texts they are in and the facts that stand in those; and the texts of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from core.catalogue.store import Catalogue
from core.errors import DataError
from core.extract.teach import reader_of, teach, teach_reader
from core.graph.labelled_export import lessons, model_texts, reviewed_texts
from core.graph.reading import read_assertions
from core.graph.review_log import final_verdicts, read_decisions
from core.graph.store import GraphStore
from core.jobs import Context
from core.stages.schema_versions import in_force


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Train the workspace's own tagger, in seconds, then its span reader; raises DataError where no text has a decision
    in it."""
    begun = monotonic()
    context.progress(0, 0, "documents")
    store = GraphStore(context.workspace)
    with context.workspace.db.read() as reader:
        made = read_decisions(reader)
        assertions = {a.id: a for a in read_assertions(reader)}
    categories = {product.id: product.category or "" for product in Catalogue(context.workspace).products()}
    graph = store.graph()
    texts = reviewed_texts(store, graph, assertions, final_verdicts(made), categories)
    by_model = model_texts(store, graph, assertions, categories, {text.document.id for text in texts})
    if not texts:
        raise DataError(
            "There is no text with a decision in it.",
            where="review",
            remedy="Accept, reject or correct a few facts that were read from a text.",
        )
    context.check()
    context.progress(0, 0, "tagger")
    learned = lessons([*texts, *by_model])
    tagger = teach(context.workspace, learned)
    taught = None
    schema = in_force(context.workspace).schema
    if schema and reader_of(context.workspace):
        context.progress(0, 0, "reader")
        taught = teach_reader(context.workspace, learned, schema, _told(context))
    return {
        "decisions": len(made),
        "texts": len(texts),
        "facts": sum(len(text.standing) for text in texts),
        "model_texts": len(by_model),
        "examples": tagger.about["examples"],
        "version": tagger.version,
        "reader": taught.version if taught else "",
        "seconds": monotonic() - begun,
    }


def _told(context: Context) -> Callable[[int, int, float], None]:
    def on_epoch(done: int, of: int, _loss: float) -> None:
        context.check()
        context.progress(done, of, "reader")

    return on_epoch
