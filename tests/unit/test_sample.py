"""The sample: gold spans, counts, the committed files, and tastes that show in the events."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core.catalogue.sample import SampleProduct, load_catalogue, parse_marked
from core.catalogue.sample_files import compile_sample, sign_reviews
from core.catalogue.sample_market import Market
from core.catalogue.sample_shoppers import DAY, Rules
from core.catalogue.simulator import Simulation, simulate
from core.domain import EventKind
from core.errors import UnreadableFile
from core.settings import ASSETS

SAMPLE = ASSETS / "sample"


@pytest.fixture(scope="module")
def products() -> list[SampleProduct]:
    return load_catalogue(SAMPLE / "catalogue")


@pytest.fixture(scope="module")
def simulation(products: list[SampleProduct]) -> Simulation:
    return simulate(products)


def rows(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_marks_become_code_point_spans() -> None:
    marked = parse_marked("🍵 [[抹茶|productType]], [[30 g|weight]] tin")
    assert marked.text == "🍵 抹茶, 30 g tin"
    assert [(f.relation, f.value, f.start, f.end) for f in marked.facts] == [
        ("productType", "抹茶", 2, 4),
        ("weight", "30 g", 6, 10),
    ]


@pytest.mark.parametrize(
    "bad", ["[[steel|metalness]]", "[[steel|material]", "[[a [[b|color]]|material]]", "[[ x|color]]"]
)
def test_malformed_marks_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"mark|relation"):
        parse_marked(bad)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- {id: x-1, title: t}", "a.yaml, x-1"),
        ("- {id: x-1, title: '[[t|nonsense]]', description: d}", "a.yaml, x-1"),
        ("- {id: x-1, title: t, description: d}\n- {id: x-1, title: t, description: d}", "a.yaml, x-1"),
        ("- {id: x-1, title: t, description: d, colour: red}", "a.yaml, x-1"),
        ("- {id: x-1, title: t, description: d, reviews: [{rating: 6, text: t}]}", "a.yaml, x-1"),
        ("nonsense", "a.yaml"),
        ("- [unclosed", "a.yaml"),
    ],
)
def test_errors_name_the_file_and_the_product(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        load_catalogue(tmp_path)
    assert caught.value.where == place


def test_gold_spans_are_the_words_of_the_text() -> None:
    gold = [json.loads(line) for line in (SAMPLE / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(gold) >= 60
    documents = [document for product in gold for document in product["documents"]]
    assert len({document["id"] for document in documents}) == len(documents)
    for document in documents:
        assert "[[" not in document["text"]
        for fact in document["facts"]:
            assert document["text"][fact["start"] : fact["end"]] == fact["value"]
    texts = {document["id"]: document["text"] for document in documents}
    assert all(texts[f"{row['product_id']}/title"] == row["title"] for row in rows("products.csv"))
    assert all(texts[f"{row['review_id']}/text"] == row["text"] for row in rows("reviews.csv"))


def test_counts(products: list[SampleProduct]) -> None:
    assert len(products) >= 180
    assert sum(product.language == "zh" for product in products) >= 30
    assert len(rows("products.csv")) == len(products)
    assert len(rows("reviews.csv")) == sum(len(product.reviews) for product in products) >= 400
    events = rows("events.csv")
    assert len(events) >= 8000
    seen = Counter(event["shopper_id"] for event in events)
    assert len(seen) == 400
    assert sum(count <= 2 for count in seen.values()) >= 25
    assert min(event["timestamp"] for event in events) >= "2025-10-01T00:00:00Z"
    assert max(event["timestamp"] for event in events) <= "2026-09-30T23:59:59Z"


def test_there_are_cold_products(products: list[SampleProduct]) -> None:
    first: dict[str, str] = {}
    for event in rows("events.csv"):
        first.setdefault(event["product_id"], event["timestamp"])
    late = [product.id for product in products if first.get(product.id, "2026-12") >= "2026-09-01"]
    assert len(late) >= 12


def test_the_committed_files_are_those_of_the_catalogue() -> None:
    for name, content in compile_sample(SAMPLE / "catalogue").items():
        assert (SAMPLE / name).read_bytes() == content.encode("utf-8"), (
            f"{name}: run python -m core.catalogue.sample"
        )


def test_values_are_shared_across_categories(products: list[SampleProduct]) -> None:
    groups: dict[tuple[str, str], set[str]] = {}
    for product in products:
        for fact in product.facts:
            groups.setdefault(fact, set()).add(product.group)
    assert sum(len(spread) >= 3 for spread in groups.values()) >= 25


def test_liked_facts_are_bought_more_than_chance(
    products: list[SampleProduct], simulation: Simulation
) -> None:
    """Tastes against tastes of other shoppers who read the same languages, over the same purchases."""
    facts = {product.id: product.facts for product in products}
    likes = {person.id: {(t.relation, t.value) for t in person.tastes} for person in simulation.shoppers}
    readers: dict[tuple[str, ...], list[str]] = {}
    for person in simulation.shoppers:
        readers.setdefault(person.languages, []).append(person.id)
    bought = [(purchase.shopper_id, facts[purchase.product_id]) for purchase in simulation.purchases]
    real = sum(bool(likes[shopper] & carried) for shopper, carried in bought)
    dice = np.random.default_rng(7)
    chance = []
    for _ in range(40):
        lend = {
            a: b for group in readers.values() for a, b in zip(group, dice.permutation(group), strict=True)
        }
        chance.append(sum(bool(likes[lend[shopper]] & carried) for shopper, carried in bought))
    assert real > 1.8 * np.mean(chance)
    assert real > np.mean(chance) + 8 * np.std(chance)


def test_drivers_are_true_of_the_product_bought(
    products: list[SampleProduct], simulation: Simulation
) -> None:
    market = Market(tuple(products))
    earlier: dict[str, list[str]] = {}
    for purchase in simulation.purchases:
        driver, index = purchase.driver, market.position[purchase.product_id]
        if driver.kind in ("fact", "season"):
            assert (driver.relation, driver.value) in market.facts[index]
        elif driver.kind == "brand":
            assert market.brands[index] == driver.value
        elif driver.kind == "accessory":
            assert driver.value in earlier[purchase.shopper_id]
            assert market.fits[index, market.position[driver.value]]
        elif driver.kind == "sharedUse":
            assert market.uses[index] & market.uses[market.position[driver.value]]
        assert 0 < driver.share <= 1 or driver.kind == "chance"
        earlier.setdefault(purchase.shopper_id, []).append(purchase.product_id)
    kinds = Counter(purchase.driver.kind for purchase in simulation.purchases)
    assert kinds["fact"] > len(simulation.purchases) / 3
    assert min(kinds[kind] for kind in ("accessory", "brand", "popularity", "price", "season")) >= 50


def test_sessions_end_with_what_was_viewed(simulation: Simulation) -> None:
    viewed: set[tuple[str, str]] = set()
    for event in simulation.events:
        if event.kind is EventKind.VIEW:
            viewed.add((event.shopper_id, event.product_id))
        assert (event.shopper_id, event.product_id) in viewed
    assert not {event.product_id for event in simulation.events} & set(simulation.unsold)
    launched = simulation.arrivals
    assert all(event.time >= launched.get(event.product_id, 0) - 1 for event in simulation.events)


def test_reviews_come_after_the_purchase(products: list[SampleProduct], simulation: Simulation) -> None:
    times = {
        (purchase.shopper_id, purchase.product_id): purchase.time
        for purchase in reversed(simulation.purchases)
    }
    reviews = sign_reviews(products, simulation, Rules())
    signed = [review for review in reviews if review.shopper_id]
    assert len(signed) >= 0.8 * len(reviews)
    assert len({(review.shopper_id, review.product_id) for review in signed}) == len(signed)
    assert all(review.time > times[review.shopper_id, review.product_id] for review in signed)


def test_seasons_move_the_events(products: list[SampleProduct]) -> None:
    """Camping sells in summer: its share of views is larger from June to August than from December to February."""
    camping = {
        product.id for product in products if {("usedFor", "camping"), ("usedFor", "露营")} & product.facts
    }
    share = {}
    for season, months in {"summer": ("06", "07", "08"), "winter": ("12", "01", "02")}.items():
        views = [
            row["product_id"] in camping for row in rows("events.csv") if row["timestamp"][5:7] in months
        ]
        share[season] = sum(views) / len(views)
    assert share["summer"] > 1.1 * share["winter"]


def test_another_seed_gives_other_events(products: list[SampleProduct]) -> None:
    few = {"shoppers": 20, "cold_shoppers": 2}
    one, same, other = (simulate(products, Rules(seed=seed, **few)) for seed in (1, 1, 2))
    assert one == same
    assert one.events != other.events
    assert all(Rules().end - 365 * DAY <= event.time < Rules().end for event in one.events)
