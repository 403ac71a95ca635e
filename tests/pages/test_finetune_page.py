"""The Fine-tune page: nothing yet, the form, a job while it learns, adapters side by side, renamed, deleted."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.jobs import Jobs, run_inline, worker
from core.llm import adapters
from core.stages import REGISTRY
from core.stages.evaluate_texts import keep_file
from core.storage.workspaces import Workspace
from tests import tiny_model
from tests.page_world import at_home, kept_home, open_page, reported, words

CONFIG = {"epochs": 1, "checks": 1, "rank": 2, "alpha": 4.0, "learning_rate": 0.01}

opened = partial(open_page, "finetune")


def params_of(workspace: Workspace, **others: Any) -> dict[str, Any]:
    file = keep_file(workspace, tiny_model.jsonl(40))
    return {
        "base": "tiny",
        "source": "file",
        "file": file,
        "file_name": "mugs.jsonl",
        "config": CONFIG,
        **others,
    }


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def shop(workspace: Workspace, home: Path, tiny: Path) -> Workspace:
    """A workspace in an installation that has the tiny model, and no other that could be fine-tuned."""
    tiny_model.configure(home, tiny)
    (home / "models").unlink(missing_ok=True)
    return workspace


@pytest.fixture(scope="module")
def taught_home(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """A home with two adapters for the tiny model."""
    home = tmp_path_factory.mktemp("taught")
    with kept_home(home, "Mugs") as made:
        tiny_model.configure(home, tiny)
        for name, kind in (("first", "lora"), ("second", "ia3")):
            run_inline(
                made, "finetune", REGISTRY, params_of(made, name=name, config={**CONFIG, "kind": kind})
            )
    return home


@pytest.fixture
def taught(taught_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    home = tmp_path / "copy"
    shutil.copytree(taught_home, home)
    return at_home(home, "mugs", monkeypatch)


def test_an_empty_page_leads_to_the_form_and_the_form_to_a_job(shop: Workspace) -> None:
    test = opened(shop)
    assert "Select one for its card" in words(test)
    test.button(key="finetune-new").click().run()
    assert "Nobody has decided about a fact yet" in words(test)
    assert test.button(key="finetune-start").disabled
    test.segmented_control(key="finetune-source").set_value("file").run()
    test.file_uploader(key="finetune-file").upload(
        "mugs.jsonl", tiny_model.jsonl(40), "application/json"
    ).run()
    shown = words(test)
    assert "**40** texts with **100** values in 1 categories make **40** lessons" in shown, shown
    assert "At most **" in shown
    test.selectbox(key="finetune_balanced_kind").set_value("prefix").run()
    keys = {one.key for one in test.number_input}
    assert "finetune_balanced_virtual_tokens" in keys
    assert "finetune_balanced_rank" not in keys
    test.number_input(key="finetune_balanced_epochs").set_value(2).run()
    test.button(key="finetune-start").click().run()
    assert not test.exception
    (job,) = Jobs(shop).list("finetune")
    assert (job.params["base"], job.params["source"]) == ("tiny", "file")
    assert (job.params["config"]["kind"], job.params["config"]["epochs"]) == ("prefix", 2)
    assert test.button(key=f"job-cancel-{job.id}")


def test_a_file_with_too_few_texts_says_so(shop: Workspace) -> None:
    test = opened(shop, view="new")
    test.segmented_control(key="finetune-source").set_value("file").run()
    test.file_uploader(key="finetune-file").upload("few.jsonl", tiny_model.jsonl(3), "application/json").run()
    assert "There are 3 labelled texts" in words(test)
    assert test.button(key="finetune-start").disabled


def test_while_it_learns_the_page_shows_losses_and_time_left(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.llm.finetune import Finetuner

    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    monkeypatch.setattr(Jobs, "recover", lambda self: None)  # it would miss the worker's own process
    seen: list[str] = []
    validate = Finetuner._validate

    def looked_at(self: Finetuner, check: Any) -> None:
        """Opens the page when the first pass is done."""
        if self.steps:
            reported(shop, "finetune", "step", len(self.steps))
            seen.append(words(opened(shop)))
        validate(self, check)

    monkeypatch.setattr(Finetuner, "_validate", looked_at)
    job_id = Jobs(shop).submit("finetune", params_of(shop))
    assert worker.run(shop, job_id, REGISTRY) == 0, Jobs(shop).get(job_id).error
    assert "24 lessons from 24 texts, 16 texts for validation" in seen[0]
    assert "Tokens a second" in seen[0]
    job = Jobs(shop).get(job_id)
    assert job.result is not None
    assert job.result["model"] == "tiny+Test-shop"
    assert "Test-shop" in words(opened(shop))


def test_adapters_are_shown_compared_renamed_and_deleted(taught: Workspace) -> None:
    test = opened(taught)
    shown = words(test)
    assert "tiny+second" in shown, "the latest first"
    assert "mugs.jsonl" in shown
    assert "24 in 24 lessons, 16 for validation" in shown
    test = opened(taught, a="first")
    assert "LoRA, rank 2" in words(test)
    test.text_input(key="rename-first").set_value("cups").run()
    test.button(key="rename-go-first").click().run()
    assert {card.name for card in adapters.listed()} == {"cups", "second"}
    assert "tiny+cups" in words(test)
    assert not test.exception, test.exception
    test.button(key="delete-cups").click().run()
    assert {card.name for card in adapters.listed()} == {"second"}
    assert not test.exception


def test_two_beside_each_other(taught: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.ui import finetune_view

    monkeypatch.setattr(finetune_view, "_table", lambda known: [0, 1])
    shown = words(opened(taught, "zh"))
    assert "并排比较" in shown
    assert "tiny+first" in shown
    assert "tiny+second" in shown
