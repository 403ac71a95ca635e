"""Stage "certify": what the graph is worth to a finished run, measured by two control trainings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from core.catalogue.store import Catalogue
from core.errors import RunError
from core.jobs.context import Context
from core.recommend import runs
from core.recommend.artefact import Artefact, read, write_metrics
from core.recommend.cases import RunCases, read_cases, write_cases
from core.recommend.certificate import CONTROLS, Control, certificate, without_families
from core.recommend.config import GraphKind
from core.recommend.data import Split, split
from core.recommend.dataset import dataset_of
from core.recommend.measure import Measured
from core.recommend.prepare import Prepared, regraphed, restored
from core.storage.whole import whole_file

CLOSE = 1e-6
"""How near the run's own figure a second measurement has to come."""


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Certify the run ``params["run"]``. Returns its id and the certificate, which is kept with its metrics.

    Raises RunError for a run that is not finished, has no graph, is a fork, or was trained on other data than there
    are now.
    """
    run_id = str(params.get("run") or "")
    return {"run": run_id, "certificate": certify(context, run_id)}


def certify(context: Context, run_id: str) -> dict[str, Any]:
    """Train the controls with the run's configuration and seed, measure on the same test, and keep the certificate.

    A control that is done is kept in the job's folder and the other goes on from its last epoch, so that a resumed
    job does nothing twice.
    """
    from core.recommend.experiment import tested

    began = time.perf_counter()
    workspace = context.workspace
    found = runs.finished_run(workspace, run_id)
    artefact = read(workspace.sub("runs") / run_id)
    if artefact.config.graph is not GraphKind.REAL or not len(artefact.vocabulary.table):
        raise RunError(
            "The run was trained without a graph.", where=run_id, remedy="Train one with the graph."
        )
    if found.metrics.get("fork"):
        raise RunError(
            "The run is a fork; the controls, which start from nothing, would be no measure for it.",
            where=run_id,
            remedy="Certify a run that was trained from the start.",
        )
    context.emit("phase", name="certify")
    prepared = _prepared(context, found, artefact)
    best = prepared.refitted()
    network = artefact.network.float()
    own = (network, artefact.mix, artefact.average, best)
    real = tested(prepared, *own)
    _same_as_then(found, real)
    controls = {kind: _control(context, artefact, prepared, kind) for kind in CONTROLS}
    masked = {}
    for family, without in without_families(prepared):
        context.check()
        masked[family] = tested(without, *own)
    told = certificate(real, controls, masked, artefact.config.seed)
    told["seconds"] = time.perf_counter() - began
    write_metrics(workspace.sub("runs") / run_id, runs.certify(workspace, run_id, told))
    return told


def _prepared(context: Context, found: runs.Run, artefact: Artefact) -> Prepared:
    products = list(Catalogue(context.workspace).products())
    config = artefact.config
    data = dataset_of(found, context.workspace, [product.id for product in products])
    if data.hash != found.data_hash:
        raise RunError(
            "Products or events have changed since the run was trained.",
            where=found.id,
            remedy="Train again; the new run can be certified.",
        )
    parts: Split = split(data, config.split.value, config.valid_share, config.test_share)
    tuning = {
        name: (dict(one["params"]), float(one["valid"])) for name, one in found.metrics["tuning"].items()
    }
    return restored(parts, products, artefact.vocabulary, artefact.features, tuning, config.seed)


def _same_as_then(found: runs.Run, real: Measured) -> None:
    then = float(found.metrics["models"]["shelfgraph"]["ndcg@10"])
    if abs(real.mean("ndcg@10") - then) > CLOSE:
        raise RunError(
            "The run does not reach the figure it had: the texts of products have changed since.",
            where=found.id,
            remedy="Train again; the new run can be certified.",
        )


def _control(context: Context, artefact: Artefact, prepared: Prepared, kind: GraphKind) -> Control:
    import torch

    from core.recommend.experiment import tested
    from core.recommend.train import Trainer

    done, half = context.folder / f"control_{kind}.npz", context.folder / f"control_{kind}.pt"
    closed = context.folder / f"control_{kind}.closed"
    if kept := read_cases(done):
        return Control(kept.measured, not closed.exists())
    config = artefact.config.model_copy(update={"graph": kind})
    control = regraphed(prepared, kind, config.seed)

    def store(checkpoint: dict[str, Any]) -> None:
        with whole_file(half) as scratch:
            torch.save(checkpoint, scratch)
        epoch = CONTROLS.index(kind) * config.epochs + len(checkpoint["curves"])
        context.progress(epoch, len(CONTROLS) * config.epochs, f"certify_{kind}")

    resume = torch.load(half, weights_only=True) if half.is_file() else None
    trained = Trainer(control, config).run(context.check, save=store, resume=resume)
    measured = tested(control, trained.network, trained.mix, trained.average, prepared.refitted())
    if not trained.mix.network:
        closed.touch()
    write_cases(done, RunCases(prepared.split.test.shopper, measured))
    half.unlink(missing_ok=True)
    return Control(measured, trained.mix.network > 0)
