"""Facts as HTML: hostile text stays text, offsets are code points, colours tell families apart."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from itertools import combinations

import numpy as np
import pytest
import yaml

from core.extract.normalise import RULES, normalise
from core.ontology import Family
from core.settings import ASSETS, REPOSITORY
from core.ui.charts import FAMILY_COLORS
from core.ui.facts import Span, chip, highlight, normalised

HOSTILE = '<script>alert("1")</script>'


def words(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r"<mark[^>]*>(.*?)</mark>", html)]


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize("text", ["A ceramic mug", "保温杯 👩‍🍳 500 毫升", f"x {HOSTILE} y", "a & b < c"])
def test_marked_words_are_those_of_the_offsets_and_no_text_is_lost(text: str) -> None:
    html = highlight(text, [Span(2, 7, Family.SUBSTANCE, "made of")])
    assert words(html) == [text[2:7]]
    assert plain(html) == text


def test_hostile_text_and_labels_stay_inert() -> None:
    html = highlight(HOSTILE, [Span(0, 8, Family.USE, '"><img src=x onerror=alert(1)>')])
    tags = set(re.findall(r"<\s*/?\s*([a-z]+)", html))
    assert tags == {"span", "mark"}
    assert "<script" not in chip("material", HOSTILE)
    assert "<script" not in chip(HOSTILE, "x", title=HOSTILE)


def test_the_longer_of_overlapping_words_stands_and_spans_are_cut_to_the_text() -> None:
    spans = [Span(0, 4, Family.USE, "a"), Span(2, 10, Family.SENSE, "b"), Span(11, 99, Family.LINK, "c")]
    assert words(highlight("0123456789 abc", spans)) == ["23456789", "abc"]


def channels(color: str) -> np.ndarray:
    value = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(color: str) -> float:
    return float(channels(color) @ np.array([0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_family_colours_read_on_the_surfaces_of_both_themes(theme: str) -> None:
    config = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text("utf-8"))["theme"][theme]
    for surface in (config["backgroundColor"], config["secondaryBackgroundColor"]):
        for color in FAMILY_COLORS.values():
            low, high = sorted((luminance(color), luminance(surface)))
            assert (high + 0.05) / (low + 0.05) >= 3.0, (color, surface)


# What the three kinds of dichromats see of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1).
VISION = {
    "full": np.eye(3),
    "protan": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.052]]),
    "deutan": np.array([[0.3673, 0.8607, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
    "tritan": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}


def oklab(rgb: np.ndarray) -> np.ndarray:
    cones = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.63]])
    axes = np.array([[0.2105, 0.7936, -0.0041], [1.978, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
    return axes @ np.cbrt(cones @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("vision", VISION)
def test_families_stay_apart_for_every_kind_of_colour_vision(vision: str) -> None:
    seen = {family: oklab(VISION[vision] @ channels(color)) for family, color in FAMILY_COLORS.items()}
    assert set(seen) == set(Family)
    closest = min(combinations(seen, 2), key=lambda pair: np.linalg.norm(seen[pair[0]] - seen[pair[1]]))
    assert np.linalg.norm(seen[closest[0]] - seen[closest[1]]) > 0.05, closest


def test_a_value_that_changed_says_into_what_and_by_which_rule() -> None:
    told = normalised("1500 ml", normalise("capacity", "1500 ml"))
    assert told == "“1500 ml” → 1.5 l (brought to one unit)"
    wrong = normalised("4006381333932", normalise("ean", "4006381333932"))
    assert "check digit wrong" in wrong
    assert normalised("Stainless Steel", normalise("material", "Stainless Steel")) == ""
    assert normalised("Moka Pot", None) == ""


def test_every_rule_has_its_words_in_both_languages() -> None:
    for language in ("en", "zh"):
        texts = yaml.safe_load((ASSETS / "i18n" / language / "ontology.yaml").read_text("utf-8"))
        assert {f"rule_{rule}" for rule in RULES} <= texts.keys()
