"""The graph value certificate: what it finds on figures that are known, and a job that does nothing twice."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from core.catalogue.ingest import ingest
from core.cli.main import main
from core.errors import Cancelled, RunError
from core.jobs import Jobs, run_inline
from core.jobs.context import Context
from core.jobs.lease import claim
from core.recommend import runs
from core.recommend.cases import FILE, read_cases
from core.recommend.certificate import Control, certificate
from core.recommend.config import GraphKind
from core.recommend.measure import Measured
from core.recommend.train import Trainer
from core.stages import REGISTRY
from core.stages.certify import certify
from core.storage.workspaces import Workspace
from tests.recommend_world import fill, fill_graph, small_config

CASES = 120


def measured(gains: np.ndarray, cold: np.ndarray) -> Measured:
    nothing = np.full(CASES, np.nan)
    return Measured(
        {"ndcg@10": gains},
        {
            "warm_item": np.where(cold, np.nan, gains),
            "cold_item": np.where(cold, gains, np.nan),
            "cold_shopper": nothing,
        },
        0.5,
    )


def told(none: float, shuffled: float) -> dict[str, Any]:
    """A certificate where the real graph is better by so much than each control, for cold products only."""
    random = np.random.default_rng(3)
    cold = np.arange(CASES) % 2 == 0
    base = random.random(CASES) * 0.5
    real, noise = base + 0.3 * cold, random.normal(0, 0.01, (2, CASES))
    controls = {
        GraphKind.NONE: Control(measured(real - none * cold + noise[0], cold), opened=False),
        GraphKind.SHUFFLED: Control(measured(real - shuffled * cold + noise[1], cold), opened=True),
    }
    return certificate(measured(real, cold), controls, {"use": controls[GraphKind.NONE].measured})


@pytest.mark.parametrize(
    ("none", "shuffled", "finding"),
    [(0.3, 0.3, "pays"), (0.3, 0.0, "any_facts"), (0.0, 0.3, "open"), (-0.3, 0.0, "costs")],
)
def test_only_a_gain_over_both_controls_is_the_graphs(none: float, shuffled: float, finding: str) -> None:
    made = told(none, shuffled)
    assert made["closed"] == ["none"]
    segments = made["segments"]
    assert segments["cold_item"]["finding"] == finding
    assert segments["warm_item"]["finding"] == "open"
    assert segments["cold_shopper"]["finding"] == "few"
    assert segments["cold_shopper"]["n"] == 0
    assert segments["cold_shopper"]["real"]["mean"] is None
    gain = segments["cold_item"]["gain_none"]
    assert gain["low"] <= gain["mean"] <= gain["high"]
    assert gain["mean"] == pytest.approx(none, abs=0.01)


def test_a_family_is_weighed_against_the_finished_model() -> None:
    family = told(0.3, 0.3)["families"]["use"]
    assert family["cold_item"]["mean"] == pytest.approx(0.3, abs=0.01)
    assert family["warm_item"]["mean"] == pytest.approx(0.0, abs=0.01)


def test_a_run_that_asks_for_it_is_certified_once_it_serves(workspace: Workspace) -> None:
    fill(workspace)
    fill_graph(workspace)
    config = small_config(epochs=2, certificate=True).model_dump(mode="json")
    result = run_inline(workspace, "train", REGISTRY, {"config": config})
    run = runs.get_run(workspace, result["run"])
    assert run.serving
    assert run.metrics["certificate"] == result["certificate"]
    found = result["certificate"]
    real = found["segments"]["all"]["real"]["mean"]
    assert real == pytest.approx(run.metrics["models"]["shelfgraph"]["ndcg@10"], abs=1e-9)
    assert set(found["families"]) == {"identity", "use"}
    kept = read_cases(workspace.sub("runs") / run.id / FILE)
    assert kept is not None
    assert kept.values().mean() == pytest.approx(real)


def test_a_stopped_certificate_goes_on_where_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace)
    fill_graph(workspace)
    config = small_config(epochs=2).model_dump(mode="json")
    run_id = run_inline(workspace, "train", REGISTRY, {"config": config})["run"]
    trained: list[GraphKind] = []
    train, check = Trainer.run, Context.check

    def counted(self: Trainer, *args: Any, **kwargs: Any) -> Any:
        trained.append(self.config.graph)
        return train(self, *args, **kwargs)

    def cancelled(self: Context) -> None:
        if len(trained) == 2:
            raise Cancelled("Asked to stop.")
        check(self)

    monkeypatch.setattr(Trainer, "run", counted)
    monkeypatch.setattr(Jobs, "dispatch", lambda self: None)
    with monkeypatch.context() as patch:
        patch.setattr(Context, "check", cancelled)
        with pytest.raises(Cancelled):
            run_inline(workspace, "certify", REGISTRY, {"run": run_id})
    assert trained == [GraphKind.NONE, GraphKind.SHUFFLED]
    assert "certificate" not in runs.get_run(workspace, run_id).metrics
    (job,) = Jobs(workspace).list("certify")
    Jobs(workspace).retry(job.id)
    with workspace.db.write() as connection:
        lease = claim(connection, job.id)
    assert lease is not None
    with Context(workspace, lease) as again:
        stopped_once = certify(again, run_id)
    assert trained[2:] == [GraphKind.SHUFFLED]
    straight = run_inline(workspace, "certify", REGISTRY, {"run": run_id})["certificate"]
    assert stopped_once["segments"] == straight["segments"]
    assert stopped_once["families"] == straight["families"]
    assert stopped_once["closed"] == straight["closed"]


def test_a_run_on_other_data_cannot_be_certified(workspace: Workspace) -> None:
    fill(workspace)
    fill_graph(workspace)
    config = small_config(epochs=1).model_dump(mode="json")
    run_id = run_inline(workspace, "train", REGISTRY, {"config": config})["run"]
    more = "shopper_id,product_id,event,timestamp\ns00,p01,purchase,2024-01-01T00:00:00Z\n"
    ingest(workspace, more.encode(), "more.csv", kind="events")
    with pytest.raises(RunError, match="changed since"):
        run_inline(workspace, "certify", REGISTRY, {"run": run_id})


def test_a_run_without_a_graph_is_refused_with_a_remedy(workspace: Workspace) -> None:
    fill(workspace)
    config = small_config(epochs=1, graph="none").model_dump(mode="json")
    result = run_inline(workspace, "train", REGISTRY, {"config": config})
    with pytest.raises(RunError, match="without a graph"):
        run_inline(workspace, "certify", REGISTRY, {"run": result["run"]})


def test_the_command_certifies_the_run_that_serves(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(workspace)
    fill_graph(workspace)
    config = small_config(epochs=1).model_dump(mode="json")
    run_id = run_inline(workspace, "train", REGISTRY, {"config": config})["run"]
    assert main(["certify", "--workspace", str(workspace.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == run_id
    assert runs.get_run(workspace, run_id).metrics["certificate"] == told["certificate"]
