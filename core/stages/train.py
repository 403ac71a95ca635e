"""Stage "train": from the workspace's events, products and graph to a run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.catalogue.store import Catalogue
from core.errors import Cancelled, ShelfGraphError
from core.graph.store import GraphStore
from core.jobs.context import Context
from core.jobs.lease import LeaseLost
from core.recommend import cases, runs
from core.recommend.artefact import read_curves, save, write_curves, write_metrics
from core.recommend.audit import audit
from core.recommend.cases import write_cases
from core.recommend.config import GraphKind, TextKind, TrainConfig, config_of
from core.recommend.data import split
from core.recommend.dataset import dataset
from core.recommend.encoder import sentence_encoder
from core.recommend.experiment import Hooks, run_training
from core.recommend.features import training_facts
from core.recommend.fork import FILE, check_fork, start_weights
from core.recommend.search.kept import budget, tuned_baselines
from core.recommend.source import documents_of, review_times
from core.recommend.trackers import Tracker, check_tracker, figures, tracked
from core.recommend.tuning.use import tuned_encoder
from core.stages.certify import certify
from core.storage.decisions import left_out
from core.storage.whole import whole_file
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from torch import Tensor


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Train and keep a run. Params: ``config`` (values of TrainConfig), ``name``, ``fork`` (``run`` and ``checkpoint``
    "best" or "last" of the run that this one goes on from), ``search`` (id of a search whose baselines are taken as it
    tuned them).

    Returns run id, metrics and whether the run serves. Raises ConfigError for values out of range and DataError for
    too little data; a resumed job goes on from its last epoch and ends as if it had never stopped. The run is done,
    and may serve, before the certificate that its configuration asks for is made.
    """
    config = config_of(dict(params.get("config") or {}))
    check_tracker()
    kept = context.load_checkpoint() or {}
    run_id = str(kept.get("run") or context.job_id)
    if not kept.get("trained"):
        _trained(context, config, run_id, params)
    return _certified(context, config, run_id)


def _trained(context: Context, config: TrainConfig, run_id: str, params: Mapping[str, Any]) -> None:
    workspace = context.workspace
    name = str(params.get("name") or time.strftime("%Y-%m-%d %H:%M"))
    runs.start(
        workspace,
        run_id,
        name=name,
        config=config.model_dump(mode="json"),
        seed=config.seed,
        job_id=context.job_id,
    )
    context.save_checkpoint({"run": run_id})
    context.emit("run", id=run_id, config=config.model_dump(mode="json"))
    with _kept_true(workspace, run_id):
        _train(context, config, run_id, name, params)
    context.save_checkpoint({"run": run_id, "trained": True})


def _certified(context: Context, config: TrainConfig, run_id: str) -> Mapping[str, Any]:
    found = runs.get_run(context.workspace, run_id)
    wanted = config.certificate and config.graph is GraphKind.REAL and found.metrics.get("facts", 0) > 0
    wanted = wanted and not found.metrics.get("fork")
    if wanted and "certificate" not in found.metrics:
        certify(context, run_id)
        found = runs.get_run(context.workspace, run_id)
    return {"run": run_id, "serving": found.serving, **found.metrics}


def _train(context: Context, config: TrainConfig, run_id: str, name: str, params: Mapping[str, Any]) -> None:
    workspace = context.workspace
    products = list(Catalogue(workspace).products())
    found = dataset(workspace, products, config, left_out(workspace))
    data = found.data
    parts = split(data, config.split.value, config.valid_share, config.test_share)
    graph = GraphStore(workspace).graph()
    documents = documents_of(workspace)
    facts = training_facts(
        graph.facts.values(),
        documents,
        reviews=config.reviews_in_graph,
        behaviour=config.behaviour_in_graph,
    )
    report = audit(
        data,
        parts,
        graph.facts.values(),
        documents,
        review_times(workspace),
        config=config,
        found=found,
    )
    runs.describe(workspace, run_id, data_hash=data.hash, graph_hash=graph.hash)
    context.emit("audit", **report.plain())
    if found.gone:
        context.emit("notice", code="left_out", n=len(found.gone))
    context.check()
    wanted = config.text in (TextKind.SENTENCE, TextKind.BOTH)
    tuned = tuned_encoder(workspace, config, parts)
    encoder = sentence_encoder(tuned, remember=True) if wanted else None
    if wanted and encoder is None:
        context.emit("notice", code="no_sentences")
    fork, search_id = dict(params.get("fork") or {}), str(params.get("search") or "")
    folder, start = workspace.sub("runs") / run_id, None
    if fork and not (folder / FILE).is_file():
        parent = runs.get_run(workspace, str(fork["run"]))
        check_fork(parent, config, data.hash, graph.hash)
        start = start_weights(workspace, parent, str(fork["checkpoint"]))
    tuning = tuned_baselines(workspace, search_id, config, data.hash) if search_id else None
    if search_id and tuning is None:
        context.emit("notice", code="other_search")
    done = len(read_curves(folder))
    with tracked(folder, run_id, name, config.model_dump(mode="json"), done) as trackers:
        hooks = _hooks(context, config, run_id, trackers, start)
        outcome = run_training(run_id, config, parts, data, products, facts, encoder, hooks, tuning=tuning)
        for tracker in trackers:
            tracker.log(len(outcome.curves), _tested(outcome.metrics))
    metrics = outcome.metrics | {
        "search": budget(workspace, search_id) if tuning else None,
        "audit": report.plain(),
        "sentences": encoder is not None,
        "left_out": list(found.gone),
        "facts": sum(len(row) for row in outcome.artefact.features.facts),
        "fork": dict(fork),
    }
    write_metrics(folder, metrics)
    write_cases(folder / cases.FILE, outcome.cases)
    write_curves(folder, [asdict(epoch) for epoch in outcome.curves])
    save(outcome.artefact, folder)
    runs.finish(workspace, run_id, metrics)


def _hooks(
    context: Context,
    config: TrainConfig,
    run_id: str,
    trackers: Sequence[Tracker],
    start: Mapping[str, Tensor] | None,
) -> Hooks:
    import torch

    folder = context.workspace.sub("runs") / run_id
    path = folder / FILE

    def store(checkpoint: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as scratch:
            torch.save(checkpoint, scratch)
        write_curves(folder, checkpoint["curves"])
        done = len(checkpoint["curves"])
        context.save_checkpoint({"run": run_id, "epoch": done})
        context.progress(done, config.epochs, f"epoch {done}/{config.epochs}")

    def emit(kind: str, **data: Any) -> None:
        context.emit(kind, **data)
        if kind == "epoch":
            for tracker in trackers:
                tracker.log(data["epoch"], figures(data))

    resume = torch.load(path, weights_only=True) if path.is_file() else None
    return Hooks(emit, context.check, store, resume, start)


def _tested(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {f"test/ndcg@10/{name}": float(told["ndcg@10"]) for name, told in metrics["models"].items()}


@contextmanager
def _kept_true(workspace: Workspace, run_id: str) -> Iterator[None]:
    """The run's row says what became of it. A killed process says nothing: its job will be resumed."""
    try:
        yield
    except LeaseLost:
        raise
    except Cancelled:
        runs.stop(workspace, run_id, "cancelled")
        raise
    except (ShelfGraphError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, OSError):
        runs.stop(workspace, run_id, "failed")
        raise
