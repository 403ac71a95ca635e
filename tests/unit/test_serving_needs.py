"""Needs in words and products nobody has seen: what is understood, and that they are ranked at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.domain import Fact, Node, Product
from core.recommend.baselines import NEEDS_TEXT
from core.recommend.newcomers import extended, lenders
from core.recommend.rank import Recommender
from core.recommend.serve.examples import needs, sketch
from core.recommend.serve.need import Reader, met, policy_for, scores
from core.recommend.serve.policy import AS_RANKED, Trait
from core.recommend.serve.prices import prices
from core.recommend.serve.shelf import Shelf
from core.recommend.serve.unseen import Read, audience, for_whom, most_like, read, vector
from tests.recommend_world import facts
from tests.serving_world import histories, model, shelf

CAMPING = Trait(relation="usedFor", value="use:camping")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("waterproof jacket for hiking under 100", None, 100.0),
        ("a bottle, at most €39.90, over 10 euros", 10.0, 39.9),
        ("between 20 and 40 EUR for the office", 20.0, 40.0),
        ("200 元以内的徒步鞋", None, 200.0),
        ("100元到300元的耳机", 100.0, 300.0),
        ("tent under 2 kg for 2-3 people", None, None),
        ("more than 5 hours of battery", None, None),
        ("nothing of prices", None, None),
    ],
)
def test_a_band_of_prices_is_read_and_measures_are_not_money(
    text: str, low: float | None, high: float | None
) -> None:
    found_low, found_high, words = prices(text)
    assert (found_low, found_high) == (low, high)
    if low is not None or high is not None:
        assert "100" not in words


def test_a_need_is_read_in_the_words_of_the_catalogue_and_met_by_what_has_its_facts() -> None:
    need = Reader(shelf()).read("something for camping under 30, not Birk")
    assert CAMPING in need.wanted
    assert [trait.value for trait in need.unwanted] == ["Birk"]
    assert need.price_to == 30.0
    assert policy_for(need, AS_RANKED.with_(price_from=50.0)).price_from is None
    assert policy_for(need, AS_RANKED).unwanted == need.unwanted
    found = scores(need, shelf(), model())
    first = [int(row) for row in np.argsort(-found, kind="stable")[:10]]
    assert all(met(need, shelf(), row) == (CAMPING,) for row in first)


def test_what_is_proposed_to_try_is_understood_and_met_by_products() -> None:
    proposed = needs(tools())
    assert {example.form for example in proposed} == {"for", "under", "without"}
    for example in proposed:
        words = {"for": "for", "under": f"under {example.price},", "without": "not"}[example.form]
        need = Reader(tools()).read(f"{example.first} {words} {example.second}")
        told = {tools().name(trait) for trait in (*need.wanted, *need.unwanted)}
        assert told == {example.first, example.second}
        assert bool(need.unwanted) == (example.form == "without")
        assert need.price_to == example.price
        assert tools().allowed(policy_for(need, AS_RANKED.with_(wanted=need.wanted))).any()
    assert sketch(tools()).startswith(("hammer, ", "saw, ", "brush, "))
    bare = replace(tools(), traits={}, names={})
    assert needs(bare) == ()
    assert sketch(bare) == ""


@cache
def tools() -> Shelf:
    """Nine of each of three kinds, a third of each made of wood, a third red, a third for the garden."""
    kinds, own = ("hammer", "saw", "brush"), range(27)
    found = [Fact(f"k{n}", f"product:t{n}", "productType", f"kind:{kinds[n % 3]}", (), 1.0) for n in own]
    for relation, value, rest in (("material", "wood", 0), ("color", "red", 1), ("usedFor", "garden", 2)):
        found += [
            Fact(f"{value}{n}", f"product:t{n}", relation, f"{relation}:{value}", (), 1.0)
            for n in own
            if n // 3 % 3 == rest
        ]
    nodes = {f.object: Node(f.object, "Value", f.object.partition(":")[2]) for f in found}
    ids = [f"t{n}" for n in own]
    known = {name: Product(name, name, price=10.0 + n) for n, name in enumerate(ids)}
    return Shelf.of(ids, known, found, nodes, np.ones(27, np.float32), np.ones((27, 2)))


def test_a_need_without_a_word_of_the_catalogue_is_the_average_shoppers_list() -> None:
    need = Reader(shelf()).read("zzz")
    assert not need.wanted
    found = scores(need, shelf(), model())
    assert np.argmax(found) == np.argmax(model().score([]))
    assert Reader(shelf()).read("  ").empty


class Words:
    """A tagger that knows one word."""

    def read(self, text: str, category: str = "") -> object:
        from core.extract.ground import Span
        from core.extract.tagger import Tagging

        at = text.find("camping")
        return Tagging((Span(at, at + 7, "usedFor", 0.9),) if at >= 0 else (), 0.0, len(text.split()))


@cache
def pasted() -> Read:
    product = Product("new", "A stove", "Made for camping.", "Aldo", price=20.0)
    return read(product, Words(), {})  # type: ignore[arg-type]


def test_a_pasted_product_gets_facts_with_their_words_and_its_columns_are_facts_too() -> None:
    found = pasted()
    assert {(fact.relation, fact.object) for fact in found.facts} == {
        ("usedFor", "use:camping"),
        ("brand", "brand:aldo"),
    }
    (span,) = found.description_spans
    assert found.product.description[span.start : span.end] == "camping"


def test_a_pasted_product_is_placed_as_a_known_one_would_be() -> None:
    opened: Recommender = model()
    made = vector(opened, pasted(), shelf().vectors)
    known = audience(opened, histories())
    places = for_whom(opened, made, known)
    assert sorted(place.shopper for place in places) == sorted(histories())
    assert [place.rank for place in places] == sorted(place.rank for place in places)
    campers = {s for s in histories() if int(s.removeprefix("s")) % 4 == 0}
    assert np.mean([place.shopper in campers for place in places[:10]]) > 0.5
    near = most_like(made, 5)
    assert all(int(shelf().products[row].removeprefix("p")) % 4 == 0 for row, _ in near)
    assert [value for _, value in near] == sorted((value for _, value in near), reverse=True)


def test_a_new_product_stands_in_the_baseline_as_what_it_is_most_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {"new": [replace(fact, subject="product:new") for fact in facts()["p00"]]}
    monkeypatch.setattr("core.recommend.newcomers.graph_facts", lambda *_args, **_kwargs: told)
    before = model().artefact
    after = extended(None, before, [Product("new", "Aldo item for camping")])  # type: ignore[arg-type]
    lent = lenders(before, after.features).toarray()[0]
    assert lent.sum() == pytest.approx(1.0)
    assert all(int(before.features.products[row].removeprefix("p")) % 4 == 0 for row in np.flatnonzero(lent))
    taken = [model().rows(history) for history in list(histories().values())[:5]]
    known, joined = before.baseline.score(taken), after.baseline.score(taken)
    assert joined[:, :-1] == pytest.approx(known, rel=1e-5)
    if before.baseline.name not in NEEDS_TEXT:
        assert joined[:, -1] == pytest.approx(known @ lent, rel=1e-4)
    assert len(after.average_baseline) == len(after.features) == len(before.features) + 1
