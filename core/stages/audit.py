"""Stage "audit": a run's exposure and quality by parts of the shop, and the texts that wait for a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core.audit.exposure import Lists, against, concentration, exposure, resampled
from core.audit.groups import groups
from core.audit.kept import keep, keep_texts
from core.audit.rules import rules_of
from core.audit.screen import about, held, screen, stamp
from core.audit.segments import quality, ranked
from core.catalogue.store import Catalogue
from core.domain import Product
from core.errors import ConfigError, DataError
from core.jobs.context import Context
from core.recommend.artefact import load
from core.recommend.data import Interactions
from core.recommend.measure import BATCH, top
from core.recommend.runs import Run, finished_run
from core.recommend.source import read_events
from core.recommend.withheld import hidden, withheld, write_held
from core.stages.params import parsed
from core.storage.decisions import PRODUCT, Decision, Verdict, decide
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.recommend.rank import Recommender

Tell = Callable[[float, float, str], None]
STEPS = 4


class AuditParams(BaseModel):
    """``k`` places of each list count; at most ``shoppers`` are looked at, drawn by ``seed``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str | None = None
    k: int = Field(default=10, ge=1, le=100)
    shoppers: int = Field(default=2_000, ge=10, le=100_000)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Audit a run and keep the result beside it. Params: those of ``AuditParams``. Raises ConfigError for values out of
    range or a rules file that cannot be read, RunError without a finished run, DataError without shoppers."""
    asked = parsed(AuditParams, params, "The audit", "audit")
    found = audit(context.workspace, asked, check=context.check, tell=context.progress)
    return {"run": found["run"], "texts": found["texts"]}


def look(workspace: Workspace, check: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Look through all texts and keep what the rules find; gives the number of products, of those with hits, and of
    those that are held."""
    rules = rules_of(workspace)
    catalogue = Catalogue(workspace)
    found = screen(catalogue.products(), rules, check)
    write_held(workspace, held(found))
    keep_texts(workspace, stamp(catalogue.catalogue_hash(), rules), found)
    return {
        "products": int(catalogue.counts()["products"]),
        "hits": len(found),
        "held": sum(one.hold for one in found),
    }


def say(workspace: Workspace, products: Sequence[str], verdict: Verdict, actor: str, note: str = "") -> None:
    """Write down what a person decided about products: shown as they are, withheld, or open again.

    Raises ConfigError without a name, and DataError for a product that is not in the catalogue.
    """
    if not actor.strip():
        raise ConfigError("A decision is somebody's.", where="name", remedy="Say who decides.")
    known = {one.id: one for one in Catalogue(workspace).products(set(products))}
    for product in products:
        if product not in known and verdict is not Verdict.OPEN:
            raise DataError(
                "There is no such product.", where=product[:80], remedy="Choose one of the catalogue."
            )
    decide(
        workspace,
        [
            Decision(PRODUCT, one, verdict, actor.strip(), about(known[one]) if one in known else "", note)
            for one in products
        ],
    )


def audit(
    workspace: Workspace,
    params: AuditParams,
    *,
    check: Callable[[], None] = lambda: None,
    tell: Tell = lambda done, total, message: None,
) -> dict[str, Any]:
    """The audit of a run (the one that serves unless ``params.run`` says otherwise) as plain JSON, which is kept."""
    chosen = finished_run(workspace, params.run)
    tell(0, STEPS, "audit_texts")
    texts = look(workspace, check)
    tell(1, STEPS, "audit_lists")
    shown = shown_to(workspace, chosen, params, check)
    tell(2, STEPS, "audit_quality")
    check()
    served = served_well(workspace, chosen, params)
    result = {
        "run": chosen.id,
        "name": chosen.name,
        "created_at": time.time(),
        "params": params.model_dump(mode="json"),
        "data_hash": chosen.data_hash,
        "texts": texts,
        **shown,
        **served,
    }
    keep(workspace, result)
    tell(STEPS, STEPS, "")
    return result


def shown_to(
    workspace: Workspace, chosen: Run, params: AuditParams, check: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """``exposure`` by dimension and ``concentration``, each of the model and of the baseline beneath it. Products that
    are withheld are shown to nobody, and are part of the catalogue."""
    model = load(workspace, chosen.id)
    data = Interactions.of(read_events(workspace), model.product_ids, once=True)
    taken = [history for _, history in data.histories()]
    if not taken:
        raise DataError(
            "No shopper has an event with a product of the run.",
            where=chosen.name,
            remedy="Add events on the Catalogue page, or choose another run.",
        )
    drawn = np.sort(np.random.default_rng((params.seed, 3)).permutation(len(taken))[: params.shoppers])
    taken = [taken[int(k)] for k in drawn]
    check()
    hide = hidden(model.product_ids, withheld(workspace))
    ours = lists(model.model.score, taken, hide, params.k)
    theirs = lists(model.model.baselines, taken, hide, params.k)
    check()
    of = groups(_products(workspace, model), data.counts, _sources(workspace))
    draws = resampled(len(taken), params.seed)
    return {
        "shoppers": len(taken),
        "products": len(model.product_ids),
        "withheld": len(hide),
        "baseline": model.baseline_name,
        "exposure": {
            name: against(exposure(ours, taken, own, draws), exposure(theirs, taken, own, draws))
            for name, own in of.items()
        },
        "concentration": {
            "model": concentration(ours, taken, data.counts, draws),
            "baseline": concentration(theirs, taken, data.counts, draws),
        },
    }


def served_well(workspace: Workspace, chosen: Run, params: AuditParams) -> dict[str, Any]:
    """``quality`` on the run's test, by segments of shoppers and products; ``cases`` is the number of shoppers."""
    from core.robust.matrix import RobustParams
    from core.stages.robustness import model_of

    checked = RobustParams(run=chosen.id, seed=params.seed, cases=max(10, min(params.shoppers, 20_000)))
    model = model_of(workspace, chosen, checked)
    of = groups(model.products, model.counts, _sources(workspace))
    wanted = {name: of[name] for name in ("popularity", "category", "source", "language", "price")}
    ranks = ranked(model.scorer(model.clean).score, model.cases)
    return {"cases": len(model.cases), "quality": quality(ranks, model.cases, wanted, params.seed)}


def lists(score: Callable[[Sequence[Any]], Any], histories: Sequence[Any], hide: Any, k: int) -> Lists:
    """int64[shoppers, k]: places of the best products, those of the history and those of ``hide`` left out."""
    found = []
    for start in range(0, len(histories), BATCH):
        part = histories[start : start + BATCH]
        scores = np.array(score(part), np.float64)
        scores[:, hide] = -np.inf
        for line, history in zip(scores, part, strict=True):
            line[history] = -np.inf
        best = top(scores, k)
        there = np.take_along_axis(scores, best, 1) > -np.inf
        found.append(np.where(there, best, -1))
    return np.concatenate(found)


def _products(workspace: Workspace, model: Recommender) -> list[Product | None]:
    known = {product.id: product for product in Catalogue(workspace).products()}
    return [known.get(one) for one in model.product_ids]


def _sources(workspace: Workspace) -> dict[str, str]:
    return {source.id: source.name for source in Catalogue(workspace).sources()}
