"""How long a tuning of an encoder is said to take."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.llm.presence import token_weights
from core.recommend.tuning import forecast as module
from core.recommend.tuning.config import PRESETS
from core.recommend.tuning.forecast import Size, forecast

SHOP = Size(products=3_000, pairs=20_000, events=14_000, cases=1_000, chars=600.0)


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "speed", lambda: 1e11)


def test_it_grows_with_the_catalogue_the_model_and_the_thoroughness() -> None:
    plain = forecast(SHOP, PRESETS["quick"], "x", 10_000_000)
    assert plain is not None
    for more in (
        forecast(replace(SHOP, products=6_000), PRESETS["quick"], "x", 10_000_000),
        forecast(SHOP, PRESETS["quick"], "x", 20_000_000),
        forecast(SHOP, PRESETS["best"], "x", 10_000_000),
    ):
        assert more is not None
        assert more > plain


def test_nothing_is_said_of_a_model_of_unknown_size() -> None:
    assert forecast(SHOP, PRESETS["quick"], "x", 0) is None


def test_the_table_of_tokens_is_told_from_the_configuration(tmp_path: Path) -> None:
    assert token_weights(tmp_path) == 0
    (tmp_path / "config.json").write_text(json.dumps({"vocab_size": 30, "hidden_size": 4}), "utf-8")
    assert token_weights(tmp_path) == 120
    (tmp_path / "config.json").write_text("[]", "utf-8")
    assert token_weights(tmp_path) == 0
