"""What is held out stays out, and every leak that is planted is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.catalogue.ingest import ingest
from core.domain import Fact, content_hash
from core.errors import DataError
from core.jobs import run_inline
from core.recommend.audit import Audit, audit
from core.recommend.baselines import fit
from core.recommend.batches import Examples
from core.recommend.config import config_of
from core.recommend.data import Interactions, Split, split
from core.recommend.dataset import dataset, domain_of, with_target
from core.recommend.features import from_behaviour, training_facts
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.recommend_world import BRANDS, cut, fill, interactions, products, small_config


def with_domains() -> Interactions:
    """The shop with its brands as domains; Birk's is the target."""
    data, name = with_target(interactions(), [product.brand or "" for product in products()], "Birk")
    assert name == "Birk"
    return data


def made(kind: str) -> Split:
    return split(with_domains(), kind, 0.2, 0.2)


def link(relation: str, one: int, other: int) -> Fact:
    names = interactions().products
    subject, node = f"product:{names[one]}", f"product:{names[other]}"
    return Fact(content_hash(subject, relation, node), subject, relation, node, (f"a-{one}-{other}",), 0.9)


def of_the_test(parts: Split) -> list[Fact]:
    """Links between a test answer and what its shopper had, of pairs that nobody had before."""
    known = parts.known.matrix
    pairs = {
        (int(history[0]), int(target))
        for history, targets in zip(parts.test.histories, parts.test.targets, strict=True)
        for target in targets
        if len(history)
    }
    fresh = [(a, b) for a, b in sorted(pairs) if not known[:, a].multiply(known[:, b]).sum()]
    return [link("seenNear", a, b) for a, b in fresh]


def row(parts: Split, shopper: int, product: int) -> Interactions:
    """The rows before the test, with one more."""
    known = parts.known
    return replace(
        known,
        shopper=np.append(known.shopper, np.int32(shopper)),
        product=np.append(known.product, np.int32(product)),
        time=np.append(known.time, known.time.min()),
    )


def an_answer(parts: Split) -> Split:
    return replace(parts, known=row(parts, parts.test.shopper[0], parts.test.targets[0][0]))


def an_answer_in_training(parts: Split) -> Split:
    return replace(parts, train=row(parts, parts.test.shopper[0], parts.test.targets[0][0]))


def a_row_of_what_is_held_out(parts: Split) -> Split:
    """A held-out shopper with a held-out product that is no answer of theirs."""
    assert parts.hidden is not None
    answers = dict(zip(parts.test.shopper.tolist(), map(set, parts.test.targets), strict=True))
    shopper, product = next(
        (int(shopper), int(product))
        for shopper in np.flatnonzero(parts.hidden[1].shoppers)
        for product in np.flatnonzero(parts.hidden[1].products)
        if product not in answers.get(int(shopper), ())
    )
    return replace(parts, known=row(parts, shopper, product))


def leaks(found: Audit) -> dict[str, int]:
    return {leak.kind: leak.count for leak in found.leaks if leak.used and leak.count}


HELD_OUT = ("cold_item", "cold_user", "cross_domain")


@pytest.mark.parametrize("kind", ["temporal", "leave_one_out", *HELD_OUT])
def test_an_honest_split_is_clean_and_a_planted_answer_is_found(kind: str) -> None:
    parts = made(kind)
    assert leaks(audit(with_domains(), parts)) == {}
    for planted in (an_answer, an_answer_in_training):
        assert "later" in leaks(audit(with_domains(), planted(parts)))


@pytest.mark.parametrize("kind", HELD_OUT)
def test_any_row_of_what_is_held_out_is_found(kind: str) -> None:
    parts = made(kind)
    assert leaks(audit(with_domains(), a_row_of_what_is_held_out(parts))) == {"held_out": 1}


def test_links_made_of_the_tests_own_events_are_found_whatever_their_name() -> None:
    parts = cut()
    planted = of_the_test(parts)
    assert len(planted) > 10
    assert leaks(audit(interactions(), parts, planted)) == {"links_later": len(planted)}
    unused = audit(interactions(), parts, planted, config=config_of({"graph": "none"}))
    assert unused.clean
    # Links of the whole time come true before the test rather than in it.
    taken = parts.known.matrix.T @ parts.known.matrix
    honest = [link("seenNear", int(a), int(b)) for a, b in zip(*taken.nonzero(), strict=True) if a < b]
    assert audit(interactions(), parts, honest).clean


def test_also_bought_links_are_known_by_name_and_kept_out_unless_asked_for() -> None:
    told = [link("alsoBought", 0, 1), link("isAccessoryOrSparePartFor", 0, 2)]
    assert audit(interactions(), cut(), told).clean
    config = config_of({"behaviour_in_graph": True})
    assert leaks(audit(interactions(), cut(), told, config=config)) == {"behaviour": 1}
    assert training_facts(told, {}) == {"p00": [told[1]]}
    assert training_facts(told, {}, behaviour=True) == {"p00": told}


@pytest.mark.parametrize(
    "name", ["also_buy", "Also viewed", "boughtTogether", "also-bought", "买了还买", "看了又看"]
)
def test_names_of_links_made_of_behaviour(name: str) -> None:
    assert from_behaviour(name)


@pytest.mark.parametrize("name", ["isRelatedTo", "brand", "usedFor", "viewingAngle", "isSimilarTo"])
def test_names_of_other_relations(name: str) -> None:
    assert not from_behaviour(name)


def test_facts_of_reviews_after_the_cut_are_found_where_they_are_used() -> None:
    fact = replace(link("praisedFor", 0, 1), object="aspect:handle")
    documents, moments = {fact.supports[0]: "r1/text"}, {"r1": 999_999.0}
    assert audit(interactions(), cut(), [fact], documents, moments).clean
    config = config_of({"reviews_in_graph": True})
    found = audit(interactions(), cut(), [fact], documents, moments, config=config)
    assert leaks(found) == {"reviews": 1, "reviews_later": 1}


def test_a_cold_shopper_is_known_by_the_first_two_products() -> None:
    parts, data = made("cold_user"), with_domains()
    for shopper, history in zip(parts.test.shopper, parts.test.histories, strict=True):
        assert 1 <= len(history) <= 2
        assert list(history) == list(data.history(int(shopper))[: len(history)])


def test_a_domain_is_a_categorys_first_level_and_one_nobody_sells_is_named() -> None:
    assert domain_of(replace(products()[0], category="Kitchen > Kettles")) == "Kitchen"
    assert domain_of(replace(products()[0], category=None)) == ""
    with pytest.raises(DataError) as caught:
        with_target(interactions(), [product.brand or "" for product in products()], "Zebra")
    assert all(brand in caught.value.remedy for brand in BRANDS)
    with pytest.raises(DataError):
        split(interactions(), "cross_domain")


def test_the_configuration_decides_what_of_the_events_is_used(workspace: Workspace) -> None:
    fill(workspace)

    def found(**values: object) -> tuple[int, int]:
        made = dataset(workspace, products(), config_of(values))
        return len(made.data), len(made.data.shoppers)

    plain = found()
    assert plain == (len(interactions()), 90)
    assert found(purchase_weight=3.0) == plain, "what weighs alike is not weighed"
    assert found(k_core=5) != plain
    rows, sessions = found(session_gap=24.0)
    assert rows >= plain[0]
    assert sessions > 90
    with pytest.raises(DataError):
        found(split="cross_domain", domain="Zebra")


@pytest.mark.parametrize("kind", HELD_OUT)
def test_a_run_on_a_held_out_split_is_measured_by_segment(workspace: Workspace, kind: str) -> None:
    shelf = [f'{p.id},"{p.title}","{p.description}",{p.brand},"{p.brand} > All"' for p in products()]
    lines = "\n".join(["product_id,title,description,brand,category", *shelf])
    ingest(workspace, lines.encode(), "shelf.csv", kind="products")
    fill(workspace)
    shares = {"valid_share": 0.3, "test_share": 0.3}
    config = small_config(split=kind, epochs=1, **shares, view_weight=0.5).model_dump(mode="json")
    told = run_inline(workspace, "train", REGISTRY, {"config": config})
    cases = told["models"]["shelfgraph"]["segment_cases"]
    figures = told["models"]["shelfgraph"]["segments"]
    assert told["audit"]["split"] == kind
    assert told["audit"]["clean"]
    held = (told["audit"]["held_products"], told["audit"]["held_shoppers"])
    if kind == "cold_item":
        assert held[0] > 0 == held[1]
        assert (cases["warm_item"], cases["cold_item"]) == (0, told["cases"])
        assert figures["warm_item"]["mean"] is None
    elif kind == "cold_user":
        assert held[1] > 0 == held[0]
        assert cases["cold_shopper"] == told["cases"] <= held[1]
    else:
        assert held[0] == 16
        assert told["audit"]["domain"] in BRANDS
        assert told["cases"] <= held[1]


def test_the_network_learns_from_an_event_what_it_weighs() -> None:
    data = cut().train
    heavy = replace(data, weight=np.where(data.product % 2, 3.0, 1.0).astype(np.float32))
    settings = {"folds": 2, "length": 3, "batch": 16, "scale": 1.0, "seed": 0}
    baseline = fit("popularity", data, {})
    plain, weighed = (list(Examples(one, baseline, None, **settings).epoch(0)) for one in (data, heavy))
    assert heavy.weight is not None
    for one, other in zip(plain, weighed, strict=True):
        assert one.weight is None
        assert np.array_equal(one.target, other.target)
        expected = np.where(other.target % 2, 3.0, 1.0) / heavy.weight.mean()
        assert other.weight == pytest.approx(expected)
        for part in other.parts(2):
            assert part.weight == pytest.approx(np.where(part.target % 2, 3.0, 1.0) / heavy.weight.mean())
