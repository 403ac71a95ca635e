"""Home: what it says of an empty and of a filled workspace, and the demo it starts."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import Jobs, JobView, Status
from core.settings import REPOSITORY, settings
from core.storage.workspaces import Workspace, Workspaces
from core.ui import tour


def app(workspace: Workspace, language: str = "en") -> AppTest:
    test = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=30)
    test.query_params["w"] = workspace.info.id
    test.query_params["lang"] = language
    return test.run()


def html(test: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in test.get("html"))


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Jobs are written down but not started."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def submit(self: Jobs, stage: str, params: dict[str, Any], slot: str = "") -> str:
        asked.append((stage, params))
        return self.record(stage, params, slot)

    monkeypatch.setattr(Jobs, "submit", submit)
    monkeypatch.setattr(Jobs, "recover", lambda self: None)
    return asked


@pytest.mark.parametrize(("language", "says"), [("en", "is empty"), ("zh", "还是空的")])
def test_an_empty_workspace_says_so_and_offers_the_demo_first(
    workspace: Workspace, language: str, says: str
) -> None:
    test = app(workspace, language)
    assert not test.exception
    assert says in html(test)
    assert [button.key for button in test.button if button.proto.type == "primary"] == ["demo_start"]


def test_the_demo_gets_a_workspace_of_its_own_and_the_tour_begins(
    workspace: Workspace, no_processes: list[tuple[str, dict[str, Any]]]
) -> None:
    test = app(workspace)
    test.button(key="demo_start").click().run()
    assert not test.exception
    assert [stage for stage, _ in no_processes] == ["demo"]
    made = [info for info in Workspaces(settings().workspaces).list() if info.id != workspace.info.id]
    assert len(made) == 1
    demo = Workspaces(settings().workspaces).open(made[0].id)
    job = Jobs(demo).list()[0]
    assert (test.query_params["w"], test.query_params["tour"]) == (made[0].id, job.id)
    assert 'sg-tour-told"' in html(test)

    other = app(demo)
    assert job.id in other.query_params["tour"], "another visit joins"

    test.button(key="tour_end").click().run()
    assert "tour" not in test.query_params
    assert 'sg-tour-told"' not in html(test)


@pytest.mark.parametrize(
    ("status", "done", "states"),
    [
        (Status.QUEUED, 0.0, "running waiting waiting waiting"),
        (Status.RUNNING, 1.4, "done running waiting waiting"),
        (Status.FAILED, 1.4, "done failed waiting waiting"),
        (Status.DONE, 4.0, "done done done done"),
    ],
)
def test_the_tour_knows_how_far_each_part_is(
    workspace: Workspace, status: Status, done: float, states: str
) -> None:
    job_id = Jobs(workspace).record("demo", {})
    job = Jobs(workspace).get(job_id)
    values = {name: getattr(job, name) for name in JobView.__slots__}
    job = JobView(**{**values, "status": status, "done": done, "total": 4.0})
    assert [tour.progress(job, part) for part in tour.PARTS] == states.split()
