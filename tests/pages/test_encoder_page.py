"""The Encoder page: nothing to learn from, one click that compares, a job while it learns, what came of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from core.jobs import Jobs, run_inline
from core.llm.encoder_kinds import EncoderKind
from core.recommend.tuning.kept import listed
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests import recommend_world as shop
from tests import tiny_encoder, tiny_model
from tests.page_world import at_home, kept_home, open_page, words

CONFIG = {"pretrain_epochs": 1, "epochs": 1, "max_tokens": 16, "most_pairs": 48, "checks": 1, "rank": 2}

opened = partial(open_page, "encoder")


@pytest.fixture(scope="module")
def tuned_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose shop has the frozen encoder and two that were tuned."""
    home = tmp_path_factory.mktemp("tuned")
    base = tiny_encoder.bert(tmp_path_factory.mktemp("bert"))
    with kept_home(home, "Shop") as made:
        tiny_model.configure(home, base)
        shop.fill(made)
        kinds = ["frozen", "lora", "bottleneck"]
        run_inline(made, "encode", REGISTRY, {"base": "tiny", "kinds": kinds, "config": CONFIG})
    return home


@pytest.fixture
def tuned(tuned_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    made = at_home(tuned_home, "shop", monkeypatch)
    yield made
    made.close()


def test_without_events_it_says_what_is_missing(workspace: Workspace) -> None:
    assert "could learn from" in words(opened(workspace))


def test_one_click_compares_all_kinds(tuned: Workspace) -> None:
    test = opened(tuned)
    test.button(key="encoder-compare").click().run()
    (job,) = Jobs(tuned).list("encode", active=True)
    assert job.params["kinds"] == [kind.value for kind in EncoderKind]
    told = words(test)
    assert "Validation NDCG@10" in told
    assert test.button(key="encoder-compare").disabled, "one at a time"
    Jobs(tuned).cancel(job.id)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_encoders_are_listed_compared_and_chosen(tuned: Workspace, language: str) -> None:
    best = max(listed(tuned), key=lambda card: card.valid["ndcg"])
    test = opened(tuned, language)
    told = words(test)
    assert not re.search(r"encoder\.[a-z_]", told.replace("pages/encoder.", "")), "every text has its words"
    assert best.id in told
    assert len(test.dataframe[0].value) == 3
    assert ("frozen encoder" if language == "en" else "冻结的编码器") in told
    other = next(card for card in listed(tuned) if card.id != best.id)
    assert other.id in words(opened(tuned, language, e=other.id))


def test_the_form_says_what_it_comes_to_and_starts_it(tuned: Workspace) -> None:
    test = opened(tuned, view="new")
    assert "48" in words(test)
    test.selectbox(key="encoder_balanced_kind").select("ia3").run()
    test.number_input(key="encoder_balanced_epochs").set_value(2).run()
    test.button(key="encoder-start").click().run()
    (job,) = Jobs(tuned).list("encode", active=True)
    assert (job.params["config"]["kind"], job.params["config"]["epochs"]) == ("ia3", 2)
    assert job.params["kinds"] == []
    Jobs(tuned).cancel(job.id)


def test_the_train_page_offers_them(tuned: Workspace) -> None:
    card = listed(tuned)[0]
    test = open_page("train", tuned, encoder=card.id)
    assert test.selectbox(key=f"train_balanced_encoder_{card.id}").value == card.id


def test_an_encoder_is_deleted(tuned: Workspace) -> None:
    card = next(card for card in listed(tuned) if card.kind == "lora")
    test = opened(tuned, e=card.id)
    test.button(key=f"encoder-delete-{card.id}").click().run()
    assert card.id not in {one.id for one in listed(tuned)}
