"""The stage "predict": train an embedding on the facts, predict the missing ones, and propose them for review."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import Field

from core.errors import GraphError
from core.graph.embedding import EmbeddingConfig
from core.graph.embedding.predict import Prediction, predict
from core.graph.model import Graph, Policy
from core.graph.proposals import propose, said, wanted
from core.graph.store import GraphStore
from core.jobs import Context
from core.ontology import RELATIONS, Family, family
from core.stages.params import parsed
from core.stages.schema_versions import in_force
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FOLDER, FILE = "quality", "predictions.json"
NOT_PREDICTED = frozenset({Family.LINK, Family.OPINION, Family.QUANTITY})
NAMES = frozenset({"brand", "countryOfOrigin"})
"""Links between products, what reviewers think, amounts, and who made a thing are not to be guessed from similar
products."""


class PredictParams(EmbeddingConfig):
    """How to predict. ``propose`` puts all predictions on the Review page at once."""

    most: int = Field(
        default=60,
        ge=1,
        le=5_000,
        json_schema_extra={"section": "predictions"},
        description="Most predictions.",
    )
    least_probability: float = Field(
        default=0.05,
        ge=0.0,
        le=1.0,
        json_schema_extra={"section": "predictions"},
        description="Predictions that are less likely are left out.",
    )
    propose: bool = Field(
        default=False,
        json_schema_extra={"section": "predictions"},
        description="Propose all of them for review at once.",
    )


@dataclass(frozen=True, slots=True)
class KeptPredictions:
    """What the last run predicted: of which graph, when, and what it measured (plain data of ``Predicted``)."""

    graph_hash: str
    created_at: float
    seconds: float
    scorer: str
    measured: Mapping[str, float]
    frequency: Mapping[str, float]
    reliability: Mapping[str, Any]
    predictions: tuple[Prediction, ...]


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Predict and keep the predictions. Raises ConfigError for settings out of range, GraphError for too few facts."""
    asked = parsed(PredictParams, params, "The prediction", "predict")
    workspace, began = context.workspace, time.time()
    context.progress(0, asked.steps, "embedding")
    graph = GraphStore(workspace).graph()

    def on_look(step: int, of: int, mrr: float) -> None:
        context.check()
        context.progress(step, of, "embedding")
        context.emit("look", step=step, mrr=mrr)

    names = {*RELATIONS, *(fact.relation for fact in graph.facts.values())}
    found = predict(
        graph.facts.values(),
        EmbeddingConfig(**asked.model_dump(include=set(EmbeddingConfig.model_fields))),
        most=asked.most,
        least_probability=asked.least_probability,
        single_valued=Policy().single_valued,
        leave_out={name for name in names if name in NAMES or family(name) in NOT_PREDICTED},
        wanted=wanted(graph, said(workspace, graph)),
        on_look=on_look,
    )
    kept = KeptPredictions(
        graph.hash,
        began,
        time.time() - began,
        asked.scorer.value,
        asdict(found.measured),
        asdict(found.frequency),
        asdict(found.reliability),
        found.predictions,
    )
    _keep(workspace, kept)
    result: dict[str, Any] = {
        "predictions": len(found.predictions),
        "measured": kept.measured,
        "frequency": kept.frequency,
        "calibration_error": found.reliability.error,
        "seconds": kept.seconds,
    }
    if asked.propose:
        result["proposed"] = asdict(put_forward(workspace, graph, found.predictions, replace=True))
    return result


def put_forward(
    workspace: Workspace, graph: Graph, chosen: tuple[Prediction, ...], *, replace: bool = False
) -> Any:
    """Propose predictions for review under the schema in force; raises GraphError where there is no sound schema."""
    schema = in_force(workspace).schema
    if schema is None:
        raise GraphError(
            "The schema in force cannot be read, so a proposal cannot say what it means.",
            where="schema",
            remedy="Mend it on the Schema page.",
        )
    return propose(workspace, graph, chosen, schema, replace=replace)


def kept_predictions(workspace: Workspace) -> KeptPredictions | None:
    """What the last run predicted; None where nothing was."""
    file = workspace.folder / FOLDER / FILE
    try:
        raw = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    predictions = tuple(Prediction(**{**row, "support": tuple(row["support"])}) for row in raw["predictions"])
    return KeptPredictions(**{**raw, "predictions": predictions})


def _keep(workspace: Workspace, kept: KeptPredictions) -> None:
    write_json(workspace.sub(FOLDER) / FILE, asdict(kept))
