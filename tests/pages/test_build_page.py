"""The Build page: sets up a build from its form, follows the one that runs, and shows what became of it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import Jobs, run_inline
from core.llm import registry
from core.llm.base import ModelCard
from core.settings import REPOSITORY
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.page_world import words
from tests.unit.test_build_stage import ROWS, Copyist, fill


def page(workspace: Workspace, language: str = "en", **params: str) -> AppTest:
    test = AppTest.from_file(str(REPOSITORY / "pages" / "build.py"), default_timeout=60)
    for name, value in {"w": workspace.info.id, "lang": language, **params}.items():
        test.query_params[name] = value
    return test.run()


def test_an_empty_workspace_offers_the_sample_and_loads_it(workspace: Workspace) -> None:
    test = page(workspace)
    test.button(key="build-sample").click().run()
    assert not test.exception
    assert test.button(key="build-start")
    assert "none read yet" in words(test)


def test_the_form_becomes_the_settings_of_the_job(workspace: Workspace) -> None:
    fill(workspace)
    test = page(workspace)
    test.selectbox(key="build-model").set_value("")
    test.selectbox(key="build-order").set_value("longest")
    test.number_input(key=f"build-how_many-{len(ROWS)}").set_value(2)
    test.toggle(key="build-reviews").set_value(False)
    test.run()
    test.button(key="build-start").click().run()
    assert not test.exception
    (job,) = Jobs(workspace).list("build")
    assert job.params == {
        "model": "", "schema_name": "shop", "n_products": 2, "order": "longest", "product_ids": [],
        "llm_products": 0, "llm_tokens": 0, "llm_minutes": 0.0, "llm_money": 0.0, "reviews": False,
    }  # fmt: skip
    assert test.query_params["job"] in (job.id, [job.id])
    assert test.button(key=f"job-pause-{job.id}"), "the page now shows the job with its controls"


def test_a_running_build_is_found_again_without_its_id_in_the_link(workspace: Workspace) -> None:
    fill(workspace)
    job_id = Jobs(workspace).record("build", {})
    test = page(workspace)
    assert test.button(key=f"job-cancel-{job_id}")
    assert not [button for button in test.button if button.key == "build-start"]


def test_a_finished_build_tells_its_figures_and_can_be_replayed(workspace: Workspace) -> None:
    fill(workspace)
    result = run_inline(workspace, "build", REGISTRY, {})
    test = page(workspace)
    assert not test.exception
    assert f"{result['read']} products read" in words(test)
    assert f"{result['new_facts']} new facts" in words(test)
    (slider,) = (one for one in test.slider if str(one.key).startswith("replay-"))
    assert slider.value == slider.max > 0
    slider.set_value(3).run()
    assert not test.exception
    job = Jobs(workspace).list()[0]
    test.button(key=f"toggle-{job.id}").click().run()
    assert not test.exception
    assert 3 < test.session_state[f"replay-{job.id}"] < slider.max, "it plays on from where it stood"


def test_a_build_that_found_nothing_new_says_so(workspace: Workspace) -> None:
    fill(workspace)
    run_inline(workspace, "build", REGISTRY, {})
    run_inline(workspace, "build", REGISTRY, {})
    assert "had been read before" in words(page(workspace))
    assert "之前都读过了" in words(page(workspace, "zh"))


def metrics(test: AppTest) -> dict[str, str]:
    return {str(metric.label): str(metric.value) for metric in test.metric}


def test_what_is_not_known_before_a_build_is_not_said(workspace: Workspace) -> None:
    fill(workspace)
    test = page(workspace)
    test.selectbox(key="build-model").set_value("").run()
    assert metrics(test) == {"Values expected right": "–", "Time": "–"}
    assert "known after the first build" in words(test)
    run_inline(workspace, "build", REGISTRY, {})
    test = page(workspace)
    test.selectbox(key="build-model").set_value("").run()
    assert metrics(test)["Values expected right"].endswith("%")
    assert metrics(test)["Time"] != "–"


def test_the_slider_is_how_many_products_the_model_reads_and_limits_stop_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Copyist()
    model.languages = ("en",)
    card = ModelCard("copyist", "Copyist", "endpoint", ("en",), 0, "", price_in=1_000.0, price_out=2_000.0)
    monkeypatch.setattr(registry, "load", lambda _id: model)
    monkeypatch.setattr(registry, "available", lambda: [card])
    fill(workspace, [*ROWS, ("zh", "不锈钢保温杯 500毫升", "适合露营。", "", "")])
    test = page(workspace)
    assert "does not read: 1." in words(test)
    (slider,) = (one for one in test.slider if str(one.key).startswith("build-share"))
    slider.set_value(50).run()
    assert "reads 2 of the 4 products" in words(test)
    assert float(metrics(test)["Money"]) > 0.0, "a model that has a price costs something"
    test.number_input(key="build-llm_tokens").set_value(100).run()
    test.button(key="build-start").click().run()
    (job,) = Jobs(workspace).list("build")
    assert (job.params["llm_products"], job.params["llm_tokens"]) == (2, 100)
    Jobs(workspace).cancel(job.id)
    run_inline(workspace, "build", REGISTRY, job.params)
    assert "stopped at the budget (tokens): 0 of 2 read" in words(page(workspace))
    assert "已到预算（词元）" in words(page(workspace, "zh"))
