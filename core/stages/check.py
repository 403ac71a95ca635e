"""The stage "check": whether the graph can be trusted, kept as a report beside the workspace."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from core.catalogue.store import Catalogue
from core.errors import GraphError
from core.graph.embedding import EmbeddingConfig
from core.graph.embedding.doubt import Doubt, doubts
from core.graph.embedding.train import LEAST_FACTS
from core.graph.model import Graph, product_node
from core.graph.quality import Catalogued, QualityConfig, Report, check
from core.graph.store import GraphStore
from core.jobs import Context
from core.ontology import Family, family
from core.stages.params import parsed
from core.stages.predict import NAMES, NOT_PREDICTED
from core.stages.schema_versions import in_force
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FOLDER, FILE = "quality", "report.json"
FOLDS = 3
_NOT_DOUBTED = NOT_PREDICTED | {Family.APPEARANCE}
"""What similar products have says nothing about colours either; a guess is asked for and a doubt is not."""


@dataclass(frozen=True, slots=True)
class KeptReport:
    """The report of the last check, when it was made, by which settings, and how long it took in seconds."""

    report: Report
    created_at: float
    seconds: float
    config: QualityConfig


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check the graph and keep the report. Params are those of QualityConfig.

    Raises ConfigError for values out of range, GraphError for an empty graph or a schema that cannot be read.
    """
    config = parsed(QualityConfig, params, "The check", "check")
    workspace, began = context.workspace, time.time()
    graph = GraphStore(workspace).graph()
    judged: list[Doubt] = []
    if config.embedding and len(graph.facts) >= FOLDS * LEAST_FACTS:
        judged = _doubts(context, graph)
    context.progress(FOLDS, FOLDS + 1, "shapes")
    report = checked(workspace, graph, config, judged)
    seconds = time.time() - began
    keep(workspace, KeptReport(report, began, seconds, config))
    return {
        "passed": report.passed,
        "findings": len(report.findings),
        "graph_hash": report.graph_hash,
        "seconds": seconds,
    }


def checked(
    workspace: Workspace,
    graph: Graph,
    config: QualityConfig,
    judged: list[Doubt] | None = None,
    changed: Collection[str] | None = None,
) -> Report:
    """The report of a graph under the schema in force. Raises GraphError where there is nothing to check, or no sound
    schema to check it by."""
    schema = in_force(workspace).schema
    if schema is None:
        raise GraphError(
            "The schema in force cannot be read, so nothing can be held against it.",
            where="schema",
            remedy="Mend it on the Schema page.",
        )
    if not graph.facts:
        raise GraphError(
            "The graph has no facts to check.", where=workspace.info.name, remedy="Build the graph first."
        )
    categories = {product_node(p.id): p.category or "" for p in Catalogue(workspace).products()}
    return check(graph, Catalogued(categories, schema), config, judged or (), changed)


def kept_report(workspace: Workspace) -> KeptReport | None:
    """What the last check found; None where there was none."""
    try:
        raw = json.loads((workspace.folder / FOLDER / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return KeptReport(
        Report.of_plain(raw["report"]),
        raw["created_at"],
        raw["seconds"],
        QualityConfig.model_validate(raw["config"]),
    )


def keep(workspace: Workspace, kept: KeptReport) -> None:
    """Put a report in the place of the last one."""
    raw = {
        "report": kept.report.plain(),
        "created_at": kept.created_at,
        "seconds": kept.seconds,
        "config": kept.config.model_dump(mode="json"),
    }
    write_json(workspace.sub(FOLDER) / FILE, raw)


def _doubts(context: Context, graph: Graph) -> list[Doubt]:
    def on_fold(fold: int, folds: int) -> None:
        context.check()
        context.progress(fold, folds + 1, "embedding")

    relations = {fact.relation for fact in graph.facts.values()}
    left_out = {name for name in relations if name in NAMES or family(name) in _NOT_DOUBTED}
    # Without a look at held-out facts training does not stop by itself: it is at its best after about 50 steps.
    return doubts(graph.facts.values(), EmbeddingConfig(steps=50), FOLDS, left_out, on_fold)
