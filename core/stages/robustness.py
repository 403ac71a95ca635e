"""Stage "robustness": the workspace's recommender attacked in every way, and what the page shows of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from core.catalogue.store import Catalogue
from core.errors import DataError
from core.jobs.context import Context
from core.recommend.artefact import read
from core.recommend.data import Interactions
from core.recommend.encoder import sentence_encoder
from core.recommend.runs import Run, finished_run, list_runs
from core.recommend.source import read_events
from core.robust.kept import FILE
from core.robust.matrix import RobustParams, Tell, examine
from core.robust.reading import read_by_tagger
from core.robust.world import Model
from core.stages.params import parsed
from core.storage.workspaces import Workspace


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Examine a run and keep the result beside it. Params: those of ``RobustParams``.

    Raises ConfigError for values out of range, RunError where there is no finished run, DataError where its products
    are no longer those of the catalogue.
    """
    checked = parsed(RobustParams, params, "The examination", "robustness")
    found = score(context.workspace, checked, check=context.check, tell=context.progress)
    path = context.workspace.sub("runs") / str(found["run"]) / FILE
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps(found, ensure_ascii=False, indent=1), "utf-8")
    scratch.replace(path)
    return {"run": found["run"], "seconds": found["seconds"]}


def score(
    workspace: Workspace,
    params: RobustParams,
    *,
    check: Callable[[], None] = lambda: None,
    tell: Tell = lambda done, total, message: None,
) -> dict[str, Any]:
    """The examination of a run (the one that serves unless ``params.run`` says otherwise) as plain JSON; see
    ``core.robust.matrix.examine``. ``unchanged`` says whether the events are still those the run was trained on."""
    chosen = finished_run(workspace, params.run)
    model = model_of(workspace, chosen, params)
    other = hardened_run(workspace, chosen)
    hardened = model_of(workspace, other, params) if other else None
    found = examine(model, params, hardened, check=check, tell=tell)
    return found | {
        "name": chosen.name,
        "created_at": time.time(),
        "unchanged": model.data.hash == chosen.data_hash,
        "hardened": found["hardened"] and {**found["hardened"], "name": other.name if other else ""},
    }


def hardened_run(workspace: Workspace, chosen: Run) -> Run | None:
    """The latest finished run trained against perturbed vectors on the same data; None where the chosen one is such
    a run itself, or there is none."""
    if trained_against(chosen):
        return None
    others = [
        one for one in list_runs(workspace) if one.status == "done" and one.data_hash == chosen.data_hash
    ]
    return next((one for one in others if trained_against(one)), None)


def trained_against(one: Run) -> bool:
    """Whether a run was trained against perturbed vectors."""
    return str(one.config.get("adversarial", "none")) != "none"


def model_of(workspace: Workspace, chosen: Run, params: RobustParams) -> Model:
    """A finished run as a model under attack; raises DataError where none of its products is left."""
    artefact = read(workspace.sub("runs") / chosen.id)
    products = list(Catalogue(workspace).products())
    known = artefact.features.products
    if not {product.id for product in products} & set(known):
        raise DataError(
            "None of the run's products is in the catalogue any more.",
            where=chosen.name,
            remedy="Train again, then examine the new run.",
        )
    rows = read_events(workspace, purchases_only=artefact.config.purchases_only)
    encoder = sentence_encoder(artefact.tuned, required=True) if artefact.vocabulary.sentences else None
    data = Interactions.of(rows, known, once=True)
    return Model(artefact, products, data, read_by_tagger, encoder, most=params.cases, seed=params.seed)
