"""The Jobs page: what runs, what failed and why, and that its buttons do what they say."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import DataError
from core.jobs import Jobs, Status, run_inline
from core.settings import REPOSITORY
from core.storage.workspaces import Workspace
from tests.jobs_worker import REGISTRY
from tests.page_world import words


def page(workspace: Workspace, language: str = "en", **params: str) -> AppTest:
    test = AppTest.from_file(str(REPOSITORY / "pages" / "jobs.py"), default_timeout=30)
    for name, value in {"w": workspace.info.id, "lang": language, **params}.items():
        test.query_params[name] = value
    return test.run()


def test_a_failed_job_says_what_where_and_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(DataError):
        run_inline(workspace, "refuse", REGISTRY, {})
    job = Jobs(workspace).list()[0]
    shown = words(page(workspace, job=job.id))
    for part in ("There are no products.", "catalogue", "Import a file.", "1 failed"):
        assert part in shown


def test_retry_queues_the_failed_job_again(workspace: Workspace) -> None:
    with pytest.raises(DataError):
        run_inline(workspace, "refuse", REGISTRY, {})
    job = Jobs(workspace).list()[0]
    test = page(workspace, job=job.id)
    test.button(key=f"job-retry-{job.id}").click().run()
    assert not test.exception
    assert Jobs(workspace).get(job.id).status is Status.QUEUED


@pytest.mark.parametrize(("name", "wish"), [("pause", "pause"), ("cancel", "")])
def test_the_buttons_of_a_waiting_job_reach_it(workspace: Workspace, name: str, wish: str) -> None:
    job_id = Jobs(workspace).record("count", {"n": 1})
    test = page(workspace)
    test.button(key=f"job-{name}-{job_id}").click().run()
    job = Jobs(workspace).get(job_id)
    assert job.wish == wish
    assert job.status is (Status.CANCELLED if name == "cancel" else Status.QUEUED)


def test_a_button_pressed_too_late_is_no_error(workspace: Workspace) -> None:
    job_id = Jobs(workspace).record("count", {"n": 1})
    test = page(workspace)
    Jobs(workspace).cancel(job_id)
    test.button(key=f"job-pause-{job_id}").click().run()
    assert not test.exception
    assert "cancelled" in test.toast[0].value


def test_settings_result_and_events_of_a_job_are_shown(workspace: Workspace) -> None:
    run_inline(workspace, "count", REGISTRY, {"n": 3})
    job = Jobs(workspace).list()[0]
    test = page(workspace, job=job.id)
    assert '"counted": 3' in words(test)
    frames = [frame.value for frame in test.dataframe]
    events = next(frame for frame in frames if "kind" in frame)
    assert list(events["seq"]) == sorted(events["seq"], reverse=True)
    assert "step" in set(events["kind"])


def test_hostile_text_of_a_job_stays_text(workspace: Workspace) -> None:
    run_inline(workspace, "count", REGISTRY, {"n": 1, "note": "<img src=x onerror=alert(1)>"})
    job = Jobs(workspace).list()[0]
    html = [str(element.proto.body) for element in page(workspace, job=job.id).get("html")]
    assert not any("<img" in text for text in html)
