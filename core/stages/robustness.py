"""Stage "robustness": the workspace's recommender attacked in every way, and what the page shows of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.catalogue.store import Catalogue
from core.errors import DataError, ModelUnavailable
from core.extract.llm_reader import LlmReader
from core.jobs.context import Context
from core.recommend.artefact import read
from core.recommend.dataset import dataset_of
from core.recommend.encoder import sentence_encoder
from core.recommend.runs import Run, finished_run, list_runs
from core.robust.injection import injection, without_grammar
from core.robust.kept import FILE
from core.robust.matrix import RobustParams, Tell, examine
from core.robust.reading import read_by_tagger
from core.robust.spotting import SURE
from core.robust.world import Model
from core.stages.params import parsed
from core.stages.suspects import to_review
from core.storage.decisions import FACT, decisions, standing
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

ORDERED_CHARS = 300
"""So much of a text is read under orders: one chunk of the reader, orders included."""
DETECTOR = "detector"
"""Under this name an examination sends facts to review by itself: those with a score of SURE and more."""


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Examine a run and keep the result beside it. Params: those of ``RobustParams``.

    Raises ConfigError for values out of range, RunError where there is no finished run, DataError where its products
    are no longer those of the catalogue.
    """
    checked = parsed(RobustParams, params, "The examination", "robustness")
    found = score(context.workspace, checked, check=context.check, tell=context.progress)
    path = context.workspace.sub("runs") / str(found["run"]) / FILE
    write_json(path, found, indent=1)
    known = standing(decisions(context.workspace), FACT)
    sure = [
        row["fact"] for row in found["detection"]["suspect_facts"] if row["score"] >= SURE and row["fact"]
    ]
    to_review(context.workspace, [one for one in sure if one not in known], DETECTOR, str(found["run"]))
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
    if params.orders:
        found["injection"] = injected(workspace, params, check, tell)
    return found | {
        "name": chosen.name,
        "created_at": time.time(),
        "unchanged": model.data.hash == chosen.data_hash,
        "hardened": found["hardened"] and {**found["hardened"], "name": other.name if other else ""},
    }


def injected(
    workspace: Workspace, params: RobustParams, check: Callable[[], None], tell: Tell
) -> dict[str, Any] | None:
    """Orders in product texts against the embedded language model; None where it is not on this machine, or the shop
    has no text in a language it reads. See ``core.robust.injection``."""
    from core.extract.schema import default
    from core.extract.tokens import has_cjk
    from core.llm.embedded import EmbeddedModel

    texts = [
        (f"{one.title}\n{one.description}"[:ORDERED_CHARS].rsplit(" ", 1)[0], one.category or "")
        for one in Catalogue(workspace).products()
        if one.description and not has_cjk(one.title)
    ]
    try:
        model = EmbeddedModel()
    except ModelUnavailable:
        return None
    if not texts:
        return None
    drawn = np.random.default_rng((params.seed, 11)).permutation(len(texts))[: params.orders]
    done, total = 0, 4 * len(drawn)

    def step() -> None:
        nonlocal done
        check()
        tell(done, total, "attack_orders")
        done += 1

    schema = default()
    reader = LlmReader(model, schema)
    chosen = [texts[int(k)] for k in sorted(drawn)]
    return injection(reader, chosen, without_grammar(model, schema), step)


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
    encoder = sentence_encoder(artefact.tuned, required=True) if artefact.vocabulary.sentences else None
    data = dataset_of(chosen, workspace, known)
    return Model(artefact, products, data, read_by_tagger, encoder, most=params.cases, seed=params.seed)
