"""How figures and names of an explanation are put: alike where they are compared, safe, and cut between words."""

from __future__ import annotations

from unicodedata import east_asian_width

from hypothesis import given
from hypothesis import strategies as st

from core.domain import Fact
from core.explain.paths import GraphPath
from core.shorten import shorten
from core.ui.explain_paths import picture
from core.ui.explain_view import figures, named_bars


def columns(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Mn"]), max_size=60), st.integers(4, 40))
def test_a_shortened_name_fits_and_begins_as_the_whole(text: str, most: int) -> None:
    short = shorten(text, most)
    assert columns(short) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_names_are_cut_between_words_and_chinese_ones_by_their_width() -> None:
    assert shorten("HP 74 Black & 75 Tri-color Original Ink Cartridges", 30) == "HP 74 Black & 75 Tri-color…"
    assert shorten("新一代超静音榨汁机家用", 12) == "新一代超静…"


def test_figures_that_are_compared_have_equally_many_decimals() -> None:
    assert figures([1.5583, -0.0932, 0.000687, 0.0]) == ["+1.56", "−0.09", "≈ 0", "≈ 0"]
    assert figures([0.174, -0.0068]) == ["+0.174", "−0.007"]
    assert figures([]) == []


def test_bars_take_names_of_real_shops_literally() -> None:
    drawn = named_bars(['<b>3" binder</b>', "pen"], [0.5, -0.25])
    assert "<b>" not in drawn
    assert "&lt;b&gt;3&quot; binder" in drawn
    assert "+0.500" in drawn
    assert "left:33.3%;width:66.7%" in drawn
    assert "left:0.0%;width:33.3%" in drawn


def test_a_picture_of_paths_has_each_product_and_each_fact_once() -> None:
    def fact(product: str, value: str) -> Fact:
        return Fact(f"{product}-{value}", f"product:{product}", "material", value, ("a",), 0.9, ("s",))

    steel, oak = "value:steel", "value:oak"
    found = [
        GraphPath("old", "new", (fact("old", steel), fact("new", steel)), steel, 0.4),
        GraphPath("older", "new", (fact("older", steel), fact("new", steel)), steel, 0.4),
        GraphPath("old", "new", (fact("old", oak), fact("new", oak)), oak, -0.1),
        GraphPath("oldest", "new", (fact("oldest", "product:new"),), "", 0.0),
    ]
    nodes, edges, places = picture(found, str.title, str.upper)
    assert sorted(node.id for node in nodes) == sorted(places)
    assert {node.id for node in nodes} == {"old", "older", "oldest", "new", steel, oak}
    assert {edge.id for edge in edges} == {one.id for path in found for one in path.facts}
    assert len(set(places.values())) == len(places), "nothing is drawn over another"
    assert all(places[edge.source][0] != places[edge.target][0] for edge in edges)
    strength = {edge.id: edge.strength for edge in edges}
    assert strength["new-value:steel"] == 1.0 > strength["new-value:oak"] > 0.0
