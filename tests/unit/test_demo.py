"""The demo: parts in order, each with a checkpoint of its own, and none done twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.errors import JobError
from core.jobs import Context, Jobs, Status, worker
from core.stages import demo
from core.storage.workspaces import Workspace

REGISTRY = {"demo": "core.stages.demo:run"}


def registry_with(monkeypatch: pytest.MonkeyPatch, stages: Mapping[str, Any]) -> list[str]:
    """The demo's parts replaced; gives the list in which they enter what they did."""
    done: list[str] = []

    def stage(name: str) -> Any:
        def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
            done.append(name)
            return stages[name](context, params) if name in stages else {"part": name}

        return run

    monkeypatch.setattr(demo, "_stage", stage)
    monkeypatch.setattr(demo, "_usual", lambda name: {})
    return done


def test_parts_run_in_order_and_progress_only_grows(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
        for step in ("columns", "tagger", "llm"):
            for count in range(3):
                context.progress(count, 2, step)
                context.save_checkpoint({"step": step, "count": count})
        return params

    done = registry_with(monkeypatch, {"build": build})
    seen: list[float] = []
    result = worker.run_inline(
        workspace,
        "demo",
        REGISTRY,
        {"build": {"n_products": 3}},
        lambda event: seen.append(event.data["done"]) if event.kind == "progress" else None,
    )
    assert done == list(demo.PARTS)
    assert result["build"] == {"n_products": 3}
    assert seen == sorted(seen)
    assert 1.0 < max(value for value in seen if value < 2.0) < 2.0


def test_a_demo_that_failed_goes_on_in_the_part_and_at_the_place_where_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Any] = []

    def train(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
        found.append(context.load_checkpoint())
        context.save_checkpoint({"epoch": 3})
        if len(found) == 1:
            raise JobError("The power went off.")
        return {"run": "r"}

    done = registry_with(monkeypatch, {"train": train})
    with pytest.raises(JobError):
        worker.run_inline(workspace, "demo", REGISTRY, {})
    job = Jobs(workspace).list()[0]
    assert job.status is Status.FAILED

    again = Jobs(workspace)
    monkeypatch.setattr(Jobs, "dispatch", lambda self: None)
    again.retry(job.id)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)  # the test keeps its own handler
    worker.run(workspace, job.id, REGISTRY)
    assert again.get(job.id).status is Status.DONE
    assert found == [None, {"epoch": 3}]
    assert done == ["import", "build", "train", "train", "explain"]


def test_the_shopper_shown_has_a_history_one_can_take_in() -> None:
    histories = {"long": [f"p{i}" for i in range(60)], "fit": [f"p{i}" for i in range(8)], "one": ["p1"]}
    assert demo._shoppers(histories, 1) == [("fit", histories["fit"])]
