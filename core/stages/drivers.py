"""Stage "drivers": exact shares of the recommendations of many shoppers, and what the command line tells of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from core.catalogue.store import Catalogue
from core.domain import Product
from core.drivers.clusters import clustered
from core.drivers.drift import drift
from core.drivers.importance import group_weights, importance, relation_weights
from core.drivers.kept import Drivers, keep, kept
from core.drivers.rows import Row, row
from core.drivers.segments import activity, by_segment
from core.drivers.swarm import amounts
from core.errors import DataError
from core.jobs.context import Context
from core.ontology import Family, family
from core.recommend.artefact import load
from core.recommend.bands import ACTIVITY, POPULARITY, popularity_bands
from core.recommend.runs import Run, finished_run
from core.recommend.source import read_histories
from core.recommend.text import product_text, words
from core.stages.params import parsed
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.recommend.rank import Recommender

Tell = Callable[[float, float, str], None]
HALF = "rows.jsonl"


class DriversParams(BaseModel):
    """``shoppers`` drawn by ``seed`` from those with a history, and the first ``each`` recommendations of each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str | None = None
    shoppers: int = Field(default=200, ge=10, le=5_000)
    each: int = Field(default=2, ge=1, le=10)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Measure a run and keep the result beside it. Params: those of ``DriversParams``. A resumed job goes on from the
    last recommendation. Raises ConfigError, RunError without a finished run, DataError without shoppers."""
    asked = parsed(DriversParams, params, "The measurement", "drivers")
    found = measure(
        context.workspace, asked, check=context.check, tell=context.progress, half=context.folder / HALF
    )
    keep(context.workspace, found)
    return {"run": found.run, "shoppers": found.shoppers, "recommendations": len(found.rows)}


def measure(
    workspace: Workspace,
    params: DriversParams,
    *,
    check: Callable[[], None] = lambda: None,
    tell: Tell = lambda done, total, message: None,
    half: Path | None = None,
) -> Drivers:
    """Take the recommendations apart, one after the other; ``half`` is a file of what an earlier attempt did."""
    began = time.perf_counter()
    chosen: Run = finished_run(workspace, params.run)
    model = load(workspace, chosen.id)
    histories = _histories(workspace, set(model.product_ids))
    if not histories:
        raise DataError(
            "No shopper has an event with a product of the run.",
            where=chosen.name,
            remedy="Add events on the Catalogue page, or choose another run.",
        )
    names = sorted(histories)
    drawn = [
        names[k]
        for k in sorted(np.random.default_rng(params.seed).permutation(len(names))[: params.shoppers])
    ]
    rows = list(_begun(half, model, params)) if half else []
    done = {one.shopper for one in rows}
    for number, shopper in enumerate(drawn):
        check()
        tell(number, len(drawn), "drivers_shares")
        if shopper not in done:
            own = _rows(model, shopper, histories[shopper], params.each)
            rows += own
            if half:
                with half.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([one.plain() for one in own]) + "\n")
    tell(len(drawn), len(drawn), "")
    group_names = tuple(group.name for group in model.groups)
    products = {
        product.id: product for product in Catalogue(workspace).products({one.product for one in rows})
    }
    inputs = {name: _inputs(model, name, products.get(name)) for name in {one.product for one in rows}}
    return Drivers(
        chosen.id,
        chosen.name,
        time.time(),
        params.seed,
        time.perf_counter() - began,
        group_names,
        tuple(rows),
        amounts(rows, group_names, inputs),
    )


def told(workspace: Workspace, found: Drivers, other: Drivers | None = None) -> dict[str, Any]:
    """The figures of a measurement as plain JSON: importance by group and relation, by segment, clusters of shoppers
    and, with another run's, the drift from it to this one."""
    groups, relations = group_weights(found.rows, found.groups), relation_weights(found.rows)
    clusters = clustered(groups)
    result: dict[str, Any] = {
        "run": found.run,
        "name": found.name,
        "shoppers": found.shoppers,
        "recommendations": len(found.rows),
        "additivity_error": found.error,
        "seconds": found.seconds,
        "groups": [asdict(one) for one in importance(groups)],
        "relations": [asdict(one) for one in importance(relations)],
        "segments": {
            name: {segment: [asdict(one) for one in weights] for segment, weights in parts.items()}
            for name, parts in segments(workspace, found).items()
        },
        "clusters": {
            "silhouette": clusters.silhouette,
            "stability": clusters.stability,
            "clusters": [
                {"shoppers": len(one.shoppers), "drivers": [list(driver) for driver in one.drivers]}
                for one in clusters.clusters
            ],
        },
    }
    if other is not None:
        shifts = drift(group_weights(other.rows, other.groups), groups)
        of_facts = drift(relation_weights(other.rows), relations)
        result["drift"] = {
            "from": other.run,
            "groups": [asdict(one) for one in shifts],
            "relations": [asdict(one) for one in of_facts],
        }
    return result


def segments(workspace: Workspace, found: Drivers) -> dict[str, dict[str, Any]]:
    """The importance of the groups by popularity of the product, activity of the shopper, and category."""
    products = {one.id: one for one in Catalogue(workspace).products({row.product for row in found.rows})}
    counts = {one.product: one.shoppers for one in found.rows}
    bands = dict(zip(counts, popularity_bands(np.array(list(counts.values()), np.float64)), strict=True))
    active = activity(found)

    def category(one: Row) -> str:
        product = products.get(one.product)
        return (product.category or "") if product else ""

    return {
        "popularity": by_segment(found, lambda one: bands[one.product], POPULARITY),
        "shopper": by_segment(found, lambda one: active[one.shopper], ACTIVITY),
        "category": by_segment(found, category),
    }


def measured(workspace: Workspace, params: DriversParams, tell: Tell) -> Drivers:
    """The kept measurement where it is of the same question, else a new one that is then kept."""
    chosen = finished_run(workspace, params.run)
    there = kept(workspace, chosen.id)
    if there and _answers(there, params, len(_histories(workspace, set()))):
        return there
    found = measure(workspace, params, tell=tell)
    keep(workspace, found)
    return found


def _answers(there: Drivers, params: DriversParams, shoppers: int) -> bool:
    same = there.seed == params.seed and there.shoppers == min(params.shoppers, shoppers)
    return same and max(one.place for one in there.rows) == params.each


def _rows(model: Recommender, shopper: str, history: Sequence[str], each: int) -> list[Row]:
    counts, place = model.artefact.features.counts, {one: k for k, one in enumerate(model.product_ids)}
    return [
        row(model, shopper, history, line.product_id, line.rank, int(counts[place[line.product_id]]))
        for line in model.recommend(history, each)
    ]


def _histories(workspace: Workspace, known: set[str]) -> dict[str, list[str]]:
    every = read_histories(workspace)
    kept = {shopper: [p for p in taken if not known or p in known] for shopper, taken in every.items()}
    return {shopper: taken for shopper, taken in kept.items() if taken}


def _inputs(model: Recommender, product_id: str, product: Product | None) -> dict[str, float]:
    """How much there is of each of the product's groups: facts of a family, words of its text, price, shoppers."""
    groups = {group.name for group in model.groups}
    found: dict[str, float] = dict.fromkeys(groups & {one.value for one in Family}, 0.0)
    for fact in model.facts_of(product_id):
        own = family(fact.relation).value
        name = own if own in groups else Family.OTHER.value
        if name in found:
            found[name] += 1.0
    place = model.product_ids.index(product_id)
    found["popularity"] = float(model.artefact.features.counts[place])
    if product is not None:
        found["text"] = float(len(words(product_text(product))))
        found["price"] = product.price if product.price is not None else float("nan")
    return found


def _begun(half: Path, model: Recommender, params: DriversParams) -> Iterator[Row]:
    """Rows of an earlier attempt; a line that was cut off is done again."""
    if not half.is_file():
        return
    for line in half.read_text("utf-8").splitlines():
        try:
            yield from (Row.of_plain(one) for one in json.loads(line))
        except ValueError:
            continue
