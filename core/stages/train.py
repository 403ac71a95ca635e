"""Stage "train": from the workspace's events, products and graph to a run."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.catalogue.store import Catalogue
from core.errors import Cancelled, ConfigError, ShelfGraphError
from core.graph.store import GraphStore
from core.jobs.context import Context
from core.jobs.lease import LeaseLost
from core.recommend import cases, runs
from core.recommend.artefact import save, write_curves, write_metrics
from core.recommend.audit import audit
from core.recommend.cases import write_cases
from core.recommend.config import GraphKind, TextKind, TrainConfig, config_of
from core.recommend.data import Split, split
from core.recommend.encoder import sentence_encoder
from core.recommend.experiment import Hooks, run_training
from core.recommend.features import training_facts
from core.recommend.source import documents_of, interactions, read_events, review_times
from core.recommend.tuning.kept import fits, folder_of, read_card
from core.stages.certify import certify
from core.storage.workspaces import Workspace

CHECKPOINT = "checkpoint.pt"


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Train and keep a run. Params: ``config`` (values of TrainConfig), ``name``.

    Returns run id, metrics and whether the run serves. Raises ConfigError for values out of range and DataError for
    too little data; a resumed job goes on from its last epoch and ends as if it had never stopped. The run is done,
    and may serve, before the certificate that its configuration asks for is made.
    """
    config = config_of(dict(params.get("config") or {}))
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
        _train(context, config, run_id)
    context.save_checkpoint({"run": run_id, "trained": True})
    (context.folder / CHECKPOINT).unlink(missing_ok=True)


def _certified(context: Context, config: TrainConfig, run_id: str) -> Mapping[str, Any]:
    found = runs.get_run(context.workspace, run_id)
    wanted = config.certificate and config.graph is GraphKind.REAL and found.metrics.get("facts", 0) > 0
    if wanted and "certificate" not in found.metrics:
        certify(context, run_id)
        found = runs.get_run(context.workspace, run_id)
    return {"run": run_id, "serving": found.serving, **found.metrics}


def _train(context: Context, config: TrainConfig, run_id: str) -> None:
    workspace = context.workspace
    products = list(Catalogue(workspace).products())
    data = interactions(workspace, products, purchases_only=config.purchases_only)
    parts = split(data, config.split.value, config.valid_share, config.test_share)
    graph = GraphStore(workspace).graph()
    documents = documents_of(workspace)
    facts = training_facts(graph.facts.values(), documents, reviews=config.reviews_in_graph)
    report = audit(
        data,
        parts,
        graph.facts.values(),
        documents,
        review_times(workspace),
        reviews_used=config.reviews_in_graph and config.graph is not GraphKind.NONE,
        dropped=len(read_events(workspace, purchases_only=config.purchases_only)) - len(data),
    )
    runs.describe(workspace, run_id, data_hash=data.hash, graph_hash=graph.hash)
    context.emit("audit", **report.plain())
    context.check()
    wanted = config.text in (TextKind.SENTENCE, TextKind.BOTH)
    tuned = _tuned(workspace, config, parts, wanted=wanted)
    encoder = sentence_encoder(tuned, remember=True) if wanted else None
    if wanted and encoder is None:
        context.emit("notice", code="no_sentences")
    hooks = _hooks(context, config, run_id)
    outcome = run_training(run_id, config, parts, data, products, facts, encoder, hooks)
    metrics = outcome.metrics | {
        "audit": report.plain(),
        "sentences": encoder is not None,
        "facts": sum(len(row) for row in outcome.artefact.features.facts),
    }
    folder = workspace.sub("runs") / run_id
    write_metrics(folder, metrics)
    write_cases(folder / cases.FILE, outcome.cases)
    write_curves(folder, [asdict(epoch) for epoch in outcome.curves])
    save(outcome.artefact, folder)
    runs.finish(workspace, run_id, metrics)


def _tuned(workspace: Workspace, config: TrainConfig, parts: Split, *, wanted: bool) -> Path | None:
    """The folder of the encoder the configuration asks for; raises ConfigError where it would not be read with, or has
    seen what the run is judged on."""
    if not config.encoder:
        return None
    if not wanted:
        raise ConfigError(
            "A tuned encoder is read with only where the text vectors are of sentences.",
            where="encoder",
            remedy="Choose sentences or both as text vectors, or no encoder.",
        )
    folder = folder_of(workspace, config.encoder)
    fits(read_card(folder), parts)
    return folder


def _hooks(context: Context, config: TrainConfig, run_id: str) -> Hooks:
    import torch

    path = context.folder / CHECKPOINT
    folder = context.workspace.sub("runs") / run_id

    def store(checkpoint: dict[str, Any]) -> None:
        scratch = path.with_suffix(".part")
        torch.save(checkpoint, scratch)
        scratch.replace(path)
        write_curves(folder, checkpoint["curves"])
        done = len(checkpoint["curves"])
        context.save_checkpoint({"run": run_id, "epoch": done})
        context.progress(done, config.epochs, f"epoch {done}/{config.epochs}")

    resume = torch.load(path, weights_only=True) if path.is_file() else None
    return Hooks(context.emit, context.check, store, resume)


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
