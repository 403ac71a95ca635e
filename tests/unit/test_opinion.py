"""A second opinion: agreement raises, contradiction lowers, each by as much as the model is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract.ground import Span
from core.extract.opinion import Trust, compared, expected, weigh

TEXT = "red steel mug by Acme"
STEEL, GLASSY = Span(4, 9, "material", 0.7), Span(0, 9, "material", 0.9)
chances = st.floats(0.02, 0.98)


@given(chances, chances)
def test_agreement_never_lowers_and_contradiction_never_raises(confidence: float, trust: float) -> None:
    mine = Span(4, 9, "material", confidence)
    agreed = weigh(TEXT, [mine], [Span(4, 9, "material")], trust)
    differing = weigh(TEXT, [mine], [GLASSY], trust)
    assert agreed.first[0] >= confidence - 1e-12
    assert agreed.first == agreed.second
    assert differing.first[0] <= confidence + 1e-12
    assert sum((*differing.first, *differing.second)) <= 1.0 + 1e-9, "at most one of the two is right"
    assert weigh(TEXT, [mine], [], trust).first == (confidence,)


def test_a_model_as_good_as_a_large_one_gives_what_was_measured_on_public_data() -> None:
    agreed = weigh(TEXT, [STEEL], [STEEL], 0.75)
    differing = weigh(TEXT, [STEEL], [GLASSY], 0.75)
    assert agreed.first[0] == pytest.approx(0.92, abs=0.01)
    assert (*differing.first, *differing.second) == pytest.approx((0.41, 0.52), abs=0.01)


@given(chances, chances, chances)
def test_a_better_model_says_more(confidence: float, one: float, other: float) -> None:
    weak, strong = sorted((one, other))
    mine = Span(4, 9, "material", confidence)
    assert weigh(TEXT, [mine], [mine], weak).first <= weigh(TEXT, [mine], [mine], strong).first
    assert weigh(TEXT, [mine], [GLASSY], weak).first >= weigh(TEXT, [mine], [GLASSY], strong).first
    assert weigh(TEXT, [], [mine], weak).second <= weigh(TEXT, [], [mine], strong).second
    assert expected(confidence, weak) <= expected(confidence, strong)


def test_other_values_of_an_attribute_that_may_have_many_contradict_nothing() -> None:
    acme = Span(17, 21, "brand", 0.6)
    many = weigh(TEXT, [STEEL], [Span(0, 3, "material")], 0.7, single=lambda relation: relation == "brand")
    assert many.first == (0.7,)
    assert weigh(TEXT, [acme], [Span(10, 13, "brand")], 0.7, single=lambda relation: True).first[0] < 0.6


def test_trust_is_how_often_the_model_says_what_is_sure() -> None:
    known = [Span(4, 9, "material", 0.95), Span(0, 3, "color", 0.9), Span(17, 21, "brand", 0.5)]
    seen = compared(TEXT, known, [Span(4, 9, "material"), Span(10, 13, "color"), Span(10, 13, "brand")])
    assert seen == Trust(1.0, 2.0)
    assert seen.after(0.5) == pytest.approx((1 + 2) / (2 + 4))
    assert Trust().after(0.3) == pytest.approx(0.3)
