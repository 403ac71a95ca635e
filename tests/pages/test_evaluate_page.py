"""The Evaluation page: set up, run, read; errors in their texts, another evaluation beside, nothing lost on reload."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.extract import methods
from core.extract.ground import Span
from core.jobs import Jobs, run_inline, worker
from core.settings import settings
from core.stages import REGISTRY
from core.stages.evaluate_result import kept
from core.stages.evaluate_texts import keep_file
from core.storage.workspaces import Workspace, Workspaces
from core.ui.evaluate_errors import frame_of
from core.ui.evaluate_lit import LONGEST, lit
from core.ui.evaluate_state import evaluations
from core.ui.evaluate_view import figures_json
from core.ui.tables import to_csv
from tests.evaluate_world import Rote, Teacher, jsonl, settings_of
from tests.page_world import open_page, reported, words

opened = partial(open_page, "evaluate")


@pytest.fixture(scope="module")
def judged_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "judged" has two evaluations of one file, the second by a tagger that errs more."""
    home = tmp_path_factory.mktemp("judged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHELFGRAPH_HOME", str(home))
        settings.cache_clear()
        made = Workspaces(settings().workspaces).create("Judged", "judged")
        file = keep_file(made, jsonl(60))
        patch.setattr(methods, "taught", Teacher())
        run_inline(made, "evaluate", REGISTRY, settings_of(file, curve=True, folds=5))
        patch.setattr(Rote, "values", _cut_short)
        run_inline(made, "evaluate", REGISTRY, settings_of(file))
        good, bad = _by_curve(made)
        for path, name in ((good, "1-good"), (bad, "2-bad")):
            raw = json.loads(path.read_text("utf-8")) | {"id": name}
            path.with_name(f"{name}.json").write_text(json.dumps(raw), "utf-8")
            path.unlink()
        made.close()
    settings.cache_clear()
    return home


def _by_curve(workspace: Workspace) -> list[Path]:
    return sorted(kept(workspace), key=lambda path: not json.loads(path.read_text("utf-8"))["curve"])


def _cut_short(self: Rote, queries: Any) -> list[dict[str, Span]]:
    """Brands not at all; sizes without their units."""
    found = []
    for query in queries:
        spans = self._one(query.text)
        spans.pop("Brand", None)
        if size := spans.get("Size"):
            end = size.start + query.text[size.start : size.end].index(" ")
            spans["Size"] = Span(size.start, end, "Size", 0.7)
        found.append(spans)
    return found


@pytest.fixture
def judged(judged_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("SHELFGRAPH_HOME", str(judged_home))
    settings.cache_clear()
    return Workspaces(settings().workspaces).open("judged")


def test_an_empty_page_leads_to_the_form_and_the_form_to_a_job(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "Nothing has been judged yet" in words(test)
    test.button(key="evaluate-new").click().run()
    shown = words(test)
    assert "200 texts in 12 categories" in shown, shown
    assert "3 trainings" in shown
    assert "About **" in shown
    test.number_input[0].set_value(60)
    test.toggle(key="evaluate-curve").set_value(True).run()
    assert "9 trainings" in words(test), "10, 20 and 40 texts in each of three folds"
    test.button(key="evaluate-start").click().run()
    assert not test.exception
    (job,) = Jobs(workspace).list("evaluate")
    asked = {name: job.params[name] for name in ("source", "how", "folds", "method", "most", "curve")}
    assert asked == {
        "source": "sample",
        "how": "folds",
        "folds": 3,
        "method": "tagger",
        "most": 60,
        "curve": True,
    }
    assert test.button(key=f"job-cancel-{job.id}")
    assert "The sample" in words(test)


def test_as_it_is_on_the_sample_warns_that_its_texts_were_seen(workspace: Workspace) -> None:
    test = opened(workspace, view="new")
    assert "have learned from these very texts" not in words(test)
    assert "so it stays out" in words(test), "in folds the shipped reader is not begun from"
    test.segmented_control(key="evaluate-how").set_value("as_is").run()
    assert "have learned from these very texts" in words(test)
    assert "so it stays out" not in words(test)
    assert not [toggle for toggle in test.toggle if toggle.key == "evaluate-curve"]


def test_too_few_decisions_are_said_in_words_and_cannot_be_started(workspace: Workspace) -> None:
    test = opened(workspace, view="new")
    test.segmented_control(key="evaluate-source").set_value("review").run()
    assert not test.exception
    assert "Reviewers have decided in 0 texts so far. At least 20" in words(test)
    assert test.button(key="evaluate-start").disabled


def test_an_uploaded_file_is_kept_and_judged_and_a_bad_one_says_which_line(workspace: Workspace) -> None:
    test = opened(workspace, view="new")
    test.segmented_control(key="evaluate-source").set_value("file").run()
    assert test.button(key="evaluate-start").disabled
    test.file_uploader(key="evaluate-file").upload("bags.jsonl", jsonl(9) + b"{}\n", "application/json").run()
    assert "bags.jsonl" in words(test)
    assert "line 10" in words(test)
    assert test.button(key="evaluate-start").disabled
    test.file_uploader(key="evaluate-file").upload("bags.jsonl", jsonl(9), "application/json").run()
    assert "9 texts in 2 categories" in words(test)
    schema = json.dumps({"Bags": ["Brand", "Color"], "茶": ["Brand"]}).encode()
    test.file_uploader(key="evaluate-schema").upload("schema.json", schema, "application/json").run()
    test.button(key="evaluate-start").click().run()
    assert not test.exception
    (job,) = Jobs(workspace).list("evaluate")
    assert (job.params["name"], job.params["file"]) == ("bags.jsonl", keep_file(workspace, jsonl(9)))
    assert job.params["schema_file"] == keep_file(workspace, schema)


def test_a_job_that_is_done_is_found_again_and_one_that_runs_tells_fold_and_epoch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    monkeypatch.setattr(Jobs, "recover", lambda self: None)  # it would miss the worker's own process
    params = settings_of(keep_file(workspace, jsonl(30)))
    seen: list[str] = []

    def looked_at(train: Any, asked: Any, config: Any = None, *, on_epoch: Any, **others: Any) -> Rote:
        """Opens the page between two epochs."""
        on_epoch(1, 2, 0.5)
        reported(workspace, "evaluate", "epoch", 2 * len(seen) + 1)
        seen.append(words(opened(workspace)))
        on_epoch(2, 2, 0.1)
        return Rote(train)

    monkeypatch.setattr(methods, "taught", looked_at)
    job_id = Jobs(workspace).record("evaluate", params)
    assert worker.run(workspace, job_id, REGISTRY) == worker.DONE
    assert "Fold 1 of 3: learning from 20 texts, epoch 1 of 2 done" in seen[0]
    assert "Fold 1, 20 texts: F1" in seen[1]
    again = opened(workspace, job=job_id)
    assert "bags.jsonl · 3 folds · Tagger" in words(again)
    assert f"job-cancel-{job_id}" not in {button.key for button in again.button}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_result_shows_both_scores_costs_breakdown_and_what_more_labels_bring(
    judged: Workspace, language: str
) -> None:
    test = opened(judged, language, e="1-good")
    shown = words(test)
    assert "evaluate." not in shown
    assert shown.count("<strong>66.7</strong> F1") == 2
    for part in ("Annotated only", "Strict") if language == "en" else ("仅计标注", "严格"):
        assert f"<h3>{part}</h3>" in shown
    frame = next(table.value for table in test.dataframe if "F1" in table.value.columns)
    assert frame.set_index(frame.columns[0])["F1"].to_dict() == {
        "Brand": 0.0,
        "Color": 100.0,
        "Size": 100.0,
        "Origin": 0.0,
    }
    assert ("With **48** labelled texts" if language == "en" else "现有 **48** 段") in shown
    assert (
        "find 100% of the errors value by value, and 30% fact by fact" if language == "en" else "其中 100%"
    ) in shown


def changed(judged: Workspace, name: str, **values: Any) -> Path:
    """A copy of the good evaluation with other values; None leaves one out."""
    path = judged.folder / "evaluations" / f"{name}.json"
    raw = json.loads(path.with_name("1-good.json").read_text("utf-8")) | values
    kept_values = {key: value for key, value in raw.items() if value is not None}
    path.write_text(json.dumps(kept_values), "utf-8")
    return path


def test_an_evaluation_from_before_the_order_of_review_was_measured_opens(judged: Workspace) -> None:
    path = changed(judged, "0-older", review=None, recalibration=None)
    try:
        shown = words(opened(judged, e="0-older"))
    finally:
        path.unlink()
    assert "Can its confidence be believed?" in shown
    assert "How soon does a review" not in shown


def test_what_reviewed_facts_do_for_confidence_is_told_of_readers_as_they_are(judged: Workspace) -> None:
    assert "What reviewing does for it" not in words(opened(judged, e="1-good")), "they were taught"
    sizes = {0: 0.19, 20: 0.09, 50: 0.07, 100: 0.04}
    points = [{"facts": n, "ece": ece, "low": ece / 2, "high": ece * 2} for n, ece in sizes.items()]
    params = {"source": "sample", "how": "as_is", "method": "tagger", "reader": "own"}
    path = changed(judged, "0-own", params=params, recalibration=points, calibrated=0)
    try:
        shown = words(opened(judged, e="0-own"))
    finally:
        path.unlink()
    assert "Not calibrated on this catalogue: that takes 20 reviewed facts" in shown
    assert "from 0.190 to 0.070 after 50 facts and to 0.040 after 100" in shown


def test_errors_are_narrowed_by_kind_twenty_a_page_and_the_link_keeps_it(judged: Workspace) -> None:
    test = opened(judged, e="1-good")
    assert words(test).count('<article class="sg-error">') == 20
    assert "1–20 of 120" in words(test)
    test.pills[0].set_value("missed").run()
    assert test.query_params["kind"] == "missed"
    shown = words(test)
    assert "1–20 of 60" in shown
    assert '<span class="sg-error-kind">Missed</span>' in shown
    assert '<span class="sg-error-kind">Invented</span>' not in shown
    test.button(key="evaluate-following").click().run()
    assert "21–40 of 60" in words(test)
    reopened = opened(judged, e="1-good", kind="missed", p="3")
    assert "41–60 of 60" in words(reopened)
    assert "1–20 of 120" in words(opened(judged, e="1-good", p="-1"))
    assert "1–20 of 120" in words(opened(judged, e="1-good", p="99999999", kind="none"))


def test_another_evaluation_stands_beside_with_the_differences(judged: Workspace) -> None:
    test = opened(judged, e="1-good", vs="2-bad")
    table = next(
        one.value for one in test.dataframe if "Change" in one.value.columns and "Figure" in one.value.columns
    )
    by_name = table.set_index("Figure")
    assert by_name.loc["Strict · F1", "Change"] == "+33.3"
    assert by_name.loc["Wrong · Boundary", "Other"] == "60"
    assert by_name.loc["Wrong · Boundary", "Change"] == "−60"
    attributes = next(
        one.value
        for one in test.dataframe
        if "Change" in one.value.columns and "Attribute" in one.value.columns
    )
    assert attributes.iloc[0].tolist() == ["Size", "100.0", "0.0", "+100.0"]
    assert "different texts" not in words(test)
    turned = opened(judged, e="1-good")
    turned.selectbox[0].set_value("2-bad").run()
    assert turned.query_params["e"] == "2-bad"
    assert "33.3" in words(turned)


def test_errors_and_figures_can_be_taken_along(judged: Workspace) -> None:
    bad = evaluations(judged)["2-bad"]
    rows = [row for row in bad.result["wrong"] if row["mistake"] == "boundary"]
    text = to_csv(frame_of(bad, rows)).decode("utf-8-sig")
    assert text.splitlines()[0] == "id,category,attribute,mistake,gold,given,confidence,text"
    assert len(text.splitlines()) == 61
    assert any(",10 l,10,0.7," in line for line in text.splitlines())
    figures = json.loads(figures_json(bad.result))
    assert figures["n"] == 60
    assert not {"wrong", "texts"} & figures.keys()


def test_gold_and_what_was_read_are_lit_apart_and_hostile_text_stays_text() -> None:
    text = "<b>Red Patent</b> shoe"
    shown = lit(text, ["Red Patent"], (7, 13))
    assert "<b>" not in shown
    assert '<mark class="sg-gold" title="Gold">Red </mark>' in shown
    assert '<mark class="sg-gold sg-given" title="Both">Patent</mark>&lt;/b&gt;' in shown
    long = "word " * 400 + "needle" + " word" * 400
    cut = lit(long, ["needle"], None)
    assert '<mark class="sg-gold" title="Gold">needle</mark>' in cut
    assert cut.startswith('<span class="sg-text">… ')
    assert len(cut) < LONGEST + 200
    assert "mark" not in lit("plain", ["absent"], None)


def test_a_damaged_result_does_not_hide_the_others(judged: Workspace, tmp_path: Path) -> None:
    broken = judged.folder / "evaluations" / "9-broken.json"
    broken.write_text("{", "utf-8")
    try:
        assert list(evaluations(judged)) == ["2-bad", "1-good"]
    finally:
        broken.unlink()
