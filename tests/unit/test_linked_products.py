"""Links between products: what says "for espresso machines" belongs to whoever has one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.domain import Fact, content_hash
from core.explain.paths import fact_effects, paths
from core.ontology import Family, family
from core.recommend.artefact import read, save
from core.recommend.certificate import without_families
from core.recommend.experiment import run_training
from core.recommend.fact_table import FactTable
from core.recommend.prepare import prepare
from core.recommend.rank import Recommender
from core.recommend.reasons import reasons
from core.recommend.scoring import Mix
from tests.recommend_world import cut, facts, interactions, products, small_config

MACHINE, DESCALER, CLOTH = "p00", "p01", "p02"


def fact(product: str, relation: str, node: str) -> Fact:
    subject = f"product:{product}"
    return Fact(
        content_hash(subject, relation, node), subject, relation, node, (f"a-{relation}-{node}",), 0.9
    )


def linked() -> dict[str, tuple[Fact, ...]]:
    """p00 is an espresso machine, p01 is for such machines, p02 is for p00 by name."""
    own = {
        MACHINE: fact(MACHINE, "productType", "producttype:espresso machine"),
        DESCALER: fact(DESCALER, "isAccessoryOrSparePartFor", "producttype:espresso machine"),
        CLOTH: fact(CLOTH, "isCompatibleWith", f"product:{MACHINE}"),
    }
    return {product: (*rows, own[product]) if product in own else rows for product, rows in facts().items()}


@pytest.fixture(scope="module")
def model() -> Recommender:
    """A run of which only what the network makes of links and the like counts."""
    artefact = run_training(
        "run-1", small_config(id_dim=0), cut(), interactions(), products(), linked()
    ).artefact
    return Recommender(replace(artefact, mix=Mix(0.0, 1.0)))


def block(model: Recommender, history: str, product: str) -> float:
    """What the block of links' both ends adds to a product's score, each counting one."""
    network = model.artefact.network
    at = network.shape.slices()["graph.linked"]
    left, right = (model.model.vectors[model.rows([one])[0], at] for one in (history, product))
    return float(np.roll(left, -network.shape.graph_dim) @ right)


def test_a_link_ties_a_product_to_what_it_names_and_to_what_is_of_the_kind(model: Recommender) -> None:
    for product in (DESCALER, CLOTH):
        assert block(model, MACHINE, product) > 0.1
        assert block(model, product, MACHINE) > 0.1
    assert block(model, DESCALER, CLOTH) == pytest.approx(0.0, abs=1e-9)
    assert block(model, MACHINE, "p03") == pytest.approx(0.0, abs=1e-9)


def test_the_link_is_among_the_reasons_and_falls_with_the_kind(model: Recommender) -> None:
    for product in (DESCALER, CLOTH):
        mine = linked()[product][-1]
        effect = {found.fact: found.effect for found in fact_effects(model, [MACHINE], product)}[mine]
        listed = {reason.fact: reason for reason in reasons(model, [MACHINE], product, k=9)}
        assert effect > 0
        assert listed[mine].shared_with == (MACHINE,)
    (back,) = [p for p in paths(model, linked(), [CLOTH], MACHINE, []) if p.facts == (linked()[CLOTH][-1],)]
    assert back.effect > 0
    every = {found.id for found in linked()[CLOTH]}
    served = model.score([CLOTH])[model.product_ids.index(MACHINE)]
    assert model.score_past_fact_sets([CLOTH], CLOTH, MACHINE, [every])[0] == pytest.approx(served, abs=1e-9)
    untold = [found for found in linked()[MACHINE] if found.relation != "productType"]
    kept, without = model.score_versions([DESCALER], MACHINE, [linked()[MACHINE], untold])
    assert kept != without


def test_links_are_one_group_of_an_explanation_and_survive_being_kept(
    model: Recommender, tmp_path: Path
) -> None:
    assert [group.name for group in model.groups].count("link") == 1
    everything = np.ones((1, len(model.groups)), bool)
    served = model.score([MACHINE])[model.product_ids.index(DESCALER)]
    assert model.score_coalitions([MACHINE], DESCALER, everything)[0] == pytest.approx(served, abs=1e-9)
    save(model.artefact, tmp_path)
    assert np.array_equal(Recommender(read(tmp_path)).score([MACHINE]), model.score([MACHINE]))


def test_without_the_family_of_links_nothing_ties_them() -> None:
    prepared = prepare(cut(), products(), linked(), small_config(), baselines=("itemknn",))
    left = dict(without_families(prepared))["link"]
    table = left.vocabulary.table
    link = table.group == table.groups.index("link")
    assert link.any()
    assert not any(link[row].any() for row in left.features.facts)


def test_a_graph_without_links_is_read_as_before() -> None:
    every = [one for rows in facts().values() for one in rows]
    asked, plain = FactTable.of(every, 48, linked=True), FactTable.of(every, 48)
    assert not asked.linked
    assert (asked.nodes, asked.groups) == (plain.nodes, plain.groups)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("also_bought", Family.LINK),
        ("alsoViewed", Family.LINK),
        ("bought together", Family.LINK),
        ("produced_by", Family.IDENTITY),
        ("belongs_to", Family.IDENTITY),
        ("Manufacturer", Family.IDENTITY),
        ("类目", Family.IDENTITY),
        ("netContent", Family.OTHER),
        ("standby", Family.OTHER),
    ],
)
def test_a_relation_of_another_vocabulary_is_of_the_family_its_name_tells(
    name: str, expected: Family
) -> None:
    assert family(name) is expected
