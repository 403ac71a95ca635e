"""Why was this read? Shares of the words around a value, and the tagger's own clues."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.reading import UNKNOWN, by_tagger, why_read
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.tagger import Clue, Tagger
from core.extract.tagger_training import TaggerConfig, train
from core.ui.review_why import clue_label

MATERIALS = ("steel", "oak", "linen", "brass", "wool", "glass")


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    lessons = []
    for material in MATERIALS:
        text = f"A jug made of {material} for tea"
        at = text.index(material)
        lessons.append(Example(text, (Span(at, at + len(material), "material"),)))
        lessons.append(Example(f"A jug painted with {material} red dots", ()))
    return train(lessons, TaggerConfig(iterations=40))


def test_shares_add_up_to_what_the_tagger_says(tagger: Tagger) -> None:
    text = "A cup made of steel for milk"
    start = text.index("steel")
    found = why_read(by_tagger(tagger, "material", "", "text"), text, start, start + 5)
    said = next(s for s in tagger.read(text).spans if s.relation == "material")
    assert found.confidence == pytest.approx(said.confidence)
    assert found.base + found.values.sum() == pytest.approx(found.confidence)
    words = [text[w.start : w.end] for w in found.segments]
    assert words[int(np.argmax(found.values))] in ("steel", "of", "made")
    assert [w for w, own in zip(words, found.inside, strict=True) if own] == ["steel"]


def test_the_place_is_followed_through_every_change() -> None:
    text = "盛水的不锈钢水壶 holds much"
    start, end = text.index("不锈钢"), text.index("不锈钢") + 3
    seen: list[str] = []

    def confidence(readings):
        for changed, a, b in readings:
            seen.append(changed[a:b])
        return [float(changed[a:b] == "不锈钢") for changed, a, b in readings]

    found = why_read(confidence, text, start, end)
    assert set(seen) == {"不锈钢", UNKNOWN * 3}
    own = np.array(found.inside)
    assert found.values[own].sum() == pytest.approx(1.0)
    assert np.abs(found.values[~own]).max() == pytest.approx(0.0)


def test_clues_name_what_speaks_for_the_value(tagger: Tagger) -> None:
    text = "A cup made of steel for milk"
    start = text.index("steel")
    clues = tagger.clues(text, start, start + 5, "material")
    assert clues
    assert all(clue.weight > 0 and clue.token == "steel" for clue in clues)
    assert clues == sorted(clues, key=lambda clue: -clue.weight)
    assert tagger.confidence(text, start, start + 5, "colour") == 0.0


@pytest.mark.parametrize(
    ("feature", "told"), [("c=outdoor|w=mesh", "outdoor"), ("lex=B-material", "made of")]
)
def test_a_clue_is_told_in_words(feature: str, told: str) -> None:
    said = clue_label(Clue("mesh", feature, 2.0))
    assert f"“{told}”" in said
    assert "“mesh”" in said
    assert not any(mark in said for mark in "=|")
