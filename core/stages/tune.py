"""Stage "tune": a search for settings, kept trial by trial in ``searches/<job id>``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.catalogue.store import Catalogue
from core.graph.store import GraphStore
from core.jobs.context import Context
from core.recommend.config import TextKind, TrainConfig
from core.recommend.data import split
from core.recommend.dataset import dataset
from core.recommend.encoder import sentence_encoder
from core.recommend.features import training_facts
from core.recommend.search.bench import Bench
from core.recommend.search.kept import folder_of, read_search
from core.recommend.search.plan import (
    BASELINES,
    FOUND,
    PLAN,
    SearchPlan,
    Trial,
    Tuned,
    append_trial,
    mend_trials,
    read_json,
)
from core.recommend.search.study import importances, search
from core.recommend.source import documents_of
from core.recommend.tuning.use import tuned_encoder
from core.stages.params import parsed
from core.storage.decisions import left_out
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

WITH_SENTENCES = (TextKind.SENTENCE, TextKind.BOTH)


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Search. Params: those of ``SearchPlan``. Judged on validation NDCG@10 alone: the test is not even handed over.

    Returns the search's id, the best settings and what was found. Raises ConfigError for a space that is none, and
    DataError for too little data. A resumed job keeps the trials that ended and repeats the one that did not.
    """
    plan = parsed(SearchPlan, params, "The search", "search")
    dimensions = plan.dimensions()
    folder = folder_of(context.workspace, context.job_id)
    folder.mkdir(parents=True, exist_ok=True)
    context.emit("phase", name="prepare")
    bench, data_hash, graph_hash = _bench(context, plan)
    hashes = {"data_hash": data_hash, "graph_hash": graph_hash}
    if read_json(folder / PLAN) is None:
        told = {"plan": plan.model_dump(mode="json"), "created_at": time.time(), **hashes}
        write_json(folder / PLAN, told, indent=1)
    baselines = _baselines(context, plan, bench, folder)
    trials = mend_trials(folder)

    def on_trial(trial: Trial) -> None:
        append_trial(folder, trial)
        trials.append(trial)
        told = {
            "number": trial.number,
            "state": trial.state,
            "value": trial.value,
            "params": dict(trial.params),
        }
        context.emit("trial", **told)
        write_json(
            folder / FOUND, {"importance": importances(trials, dimensions), "finished": False}, indent=1
        )
        context.progress(len(trials), plan.trials, "tune_trials")

    def on_epoch(number: int, epoch: int, value: float) -> None:
        context.emit("trial_epoch", number=number, epoch=epoch, value=value)

    context.emit("phase", name="trials")
    context.progress(len(trials), plan.trials, "tune_trials")
    search(
        bench.trial,
        dimensions,
        plan.config.model_dump(mode="json"),
        plan.trials,
        seconds=60.0 * plan.minutes,
        prune=plan.prune,
        seed=plan.seed,
        known=tuple(trials),
        on_trial=on_trial,
        on_epoch=on_epoch,
    )
    importance = importances(trials, dimensions)
    write_json(folder / FOUND, {"importance": importance, "finished": True}, indent=1)
    return summary(context.workspace, context.job_id) | {"baselines": baselines}


def summary(workspace: Workspace, search_id: str) -> dict[str, Any]:
    """A search as plain JSON: its best settings and figures, importances, counts of trials by state."""
    kept = read_search(workspace, search_id)
    best = kept.best
    states = [trial.state for trial in kept.trials]
    return {
        "search": search_id,
        "trials": {state: states.count(state) for state in dict.fromkeys(states)},
        "seconds": sum(trial.seconds for trial in kept.trials),
        "best": best and {"number": best.number, "valid_ndcg@10": best.value, "params": dict(best.params)},
        "start_valid_ndcg@10": kept.trials[0].value if kept.trials else None,
        "importance": dict(kept.importance),
        "config": kept.config(best).model_dump(mode="json") if best else None,
    }


def _bench(context: Context, plan: SearchPlan) -> tuple[Bench, str, str]:
    workspace, config = context.workspace, plan.config
    products = list(Catalogue(workspace).products())
    data = dataset(workspace, products, config, left_out(workspace)).data
    parts = split(data, config.split.value, config.valid_share, config.test_share)
    graph = GraphStore(workspace).graph()
    facts = training_facts(
        graph.facts.values(),
        documents_of(workspace),
        reviews=config.reviews_in_graph,
        behaviour=config.behaviour_in_graph,
    )
    encoder = None
    if _reads_sentences(plan, config):
        encoder = sentence_encoder(tuned_encoder(workspace, config, parts), remember=True)
    return Bench(parts, products, facts, config, encoder, context.check), data.hash, graph.hash


def _reads_sentences(plan: SearchPlan, config: TrainConfig) -> bool:
    kinds = {str(option) for option in plan.fields.get("text", ())} or {config.text.value}
    return "text" in plan.fields or any(kind in kinds for kind in WITH_SENTENCES)


def _baselines(context: Context, plan: SearchPlan, bench: Bench, folder: Path) -> dict[str, Any]:
    """Tune the baselines with the same number of trials, or on their grids; what is done already stays."""
    context.emit("phase", name="baselines")
    known = {name: Tuned(**one) for name, one in (read_json(folder / BASELINES) or {}).items()}

    def on_tuned(name: str, tuned: Tuned) -> None:
        known[name] = tuned
        write_json(folder / BASELINES, {one: asdict(value) for one, value in known.items()})
        context.emit("baseline", name=name, params=tuned.params, valid=tuned.valid)

    found = bench.tune(plan.trials if plan.baselines else None, dict(known), on_tuned)
    return {
        name: {"params": one.params, "valid": one.valid, "trials": one.trials} for name, one in found.items()
    }
