"""Audit, Drivers and what Robustness decides: from nothing, over started jobs, to figures and decisions that hold."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from core.__main__ import main
from core.catalogue.ingest import ingest
from core.graph.log import Log
from core.graph.store import GraphStore
from core.jobs import Jobs, run_inline
from core.recommend import runs
from core.recommend.withheld import withheld
from core.stages import REGISTRY, suspects
from core.stages import robustness as stage
from core.storage.decisions import FACT, PRODUCT, SHOPPER, Verdict, decisions, left_out, standing
from core.storage.workspaces import Workspace
from tests.page_world import at_home, kept_home, open_page, words
from tests.recommend_world import fill, fill_graph, small_config
from tests.robust_world import read

audit, drivers = partial(open_page, "audit"), partial(open_page, "drivers")
HOSTILE = 'product_id,title,description\nbad,"<b>V і a g r а</b> mug","A mug. {x} %{y}"\n'


@pytest.fixture(autouse=True)
def quick_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "read_by_tagger", read)


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "trained" has a hostile product, two runs, and all of one that can be measured."""
    home = tmp_path_factory.mktemp("audit")
    with kept_home(home, "Trained") as made:
        fill(made)
        fill_graph(made)
        for name in ("first", "second"):
            config = small_config(epochs=1).model_dump(mode="json")
            run_inline(made, "train", REGISTRY, {"config": config, "name": name})
        ingest(made, HOSTILE.encode(), "seller.csv", kind="products")
        Log(made).reconcile()
        run = runs.serving_run(made)
        assert run is not None
        for one in runs.list_runs(made):
            run_inline(made, "drivers", REGISTRY, {"run": one.id, "shoppers": 30, "each": 1})
        run_inline(made, "audit", REGISTRY, {"run": run.id})
    return home


@pytest.fixture
def trained(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return at_home(trained_home, "trained", monkeypatch)


def test_without_products_or_a_run_the_pages_lead_on(workspace: Workspace) -> None:
    for opened in (audit, drivers):
        test = opened(workspace)
        assert [button for button in test.button if button.proto.type == "primary"]


@pytest.mark.parametrize("page", ["audit", "drivers"])
def test_settings_become_the_job(trained: Workspace, page: str) -> None:
    test = open_page(page, trained)
    test.button(key=f"{page}_start").click().run()
    assert not test.exception
    (job,) = Jobs(trained).list(page, active=True)
    assert job.params["run"]
    assert test.button(key=f"{page}_start").disabled
    Jobs(trained).cancel(job.id)


@pytest.mark.parametrize(("view", "language"), [("exposure", "en"), ("quality", "zh"), ("cards", "en")])
def test_each_view_of_the_audit_draws(trained: Workspace, view: str, language: str) -> None:
    shown = words(audit(trained, language, view=view))
    assert "audit." not in shown
    assert "<script" not in shown.split("</script>")[-1]


@pytest.mark.parametrize("view", ["weight", "swarm", "segments", "kinds", "change"])
def test_each_view_of_the_drivers_draws(trained: Workspace, view: str) -> None:
    # Which products lead is the network's business, so segments are those of shoppers.
    test = drivers(trained, "zh" if view == "kinds" else "en", view=view, by="shopper")
    assert "drivers." not in words(test)
    assert (
        len(test.get("plotly_chart"))
        == {"weight": 2, "swarm": 1, "segments": 1, "kinds": 0, "change": 2}[view]
    )


def test_a_held_text_waits_is_allowed_and_withheld_with_a_name(trained: Workspace) -> None:
    assert withheld(trained) == {"bad"}
    test = audit(trained, view="texts")
    assert "<mark>V і a g r а</mark>" in words(test)
    assert test.button(key="audit_allowed_bad").disabled
    test.text_input(key="audit_actor").set_value("Ana").run()
    test.button(key="audit_allowed_bad").click().run()
    assert not test.exception
    assert withheld(trained) == frozenset()
    made = standing(decisions(trained), PRODUCT)["bad"]
    assert (made.actor, made.verdict) == ("Ana", Verdict.ALLOWED)
    arguments = ["texts", "--workspace", str(trained.folder), "--json"]
    assert main([*arguments, "--withhold", "bad", "--by", "Bo", "--note", "no"]) == 0
    assert withheld(trained) == {"bad"}
    assert "Bo" in words(audit(trained, view="texts", show="withheld"))
    assert main([*arguments, "--withhold", "bad"]) == 1


def test_shoppers_are_left_out_of_the_next_training_which_says_so(
    trained: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["leave-out", "--workspace", str(trained.folder), "--json"]
    assert main([*arguments, "s01", "s02", "--by", "Ana"]) == 0
    assert json.loads(capsys.readouterr().out) == {"left_out": ["s01", "s02"]}
    assert main([*arguments, "nobody", "--by", "Ana"]) == 1
    config = small_config(epochs=1).model_dump(mode="json")
    done = run_inline(trained, "train", REGISTRY, {"config": config, "name": "without"})
    assert done["left_out"] == ["s01", "s02"]
    assert done["audit"]["shoppers"] == runs.list_runs(trained)[-1].metrics["audit"]["shoppers"] - 2
    assert "Trained without 2 shoppers" in words(open_page("runs", trained, run=str(done["run"])))
    assert main([*arguments, "s01", "s02", "--back", "--by", "Ana"]) == 0
    assert left_out(trained) == frozenset()
    assert {one.verdict for one in decisions(trained) if one.kind == SHOPPER} == {
        Verdict.LEFT_OUT,
        Verdict.OPEN,
    }


def test_suspected_facts_lead_the_review_queue(trained: Workspace) -> None:
    fact = sorted(GraphStore(trained).graph().facts)[0]
    suspects.to_review(trained, [fact], "Ana")
    assert fact in standing(decisions(trained), FACT)
    shown = words(open_page("review", trained, me="Ana", why="suspected", look="fact"))
    assert "it looks as if it had been planted" in shown


def test_the_commands_give_what_the_pages_show(
    trained: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--workspace", str(trained.folder)]
    assert main(["audit", *place, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"brand", "price", "popularity", "source"} <= told["exposure"].keys()
    other = next(run.id for run in runs.list_runs(trained) if not run.serving and run.name != "without")
    asked = ["importance", *place, "--shoppers", "30", "--each", "1", "--against", other, "--json"]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["additivity_error"] < 1e-6
    assert sum(one["share"]["mean"] for one in told["groups"]) == pytest.approx(1)
    assert told["drift"]["from"] == other
    for name in ("card.md", "card.html"):
        assert main(["card", *place, "--out", str(tmp_path / name), "--language", "zh"]) == 0
        assert "模型卡" in (tmp_path / name).read_text("utf-8")
