"""The parts of the resolver: what is read of a record, how a probability is taken apart, which values look alike."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.domain import Node
from core.errors import DataError, ModelUnavailable
from core.graph.resolve.ask import ask
from core.graph.resolve.compare import compare
from core.graph.resolve.matcher import Matcher, load, train
from core.graph.resolve.records import (
    Record,
    amounts_in,
    brand_key,
    codes_in,
    gtins_in,
    numbers_in,
    packs_in,
    profiles,
)
from core.graph.resolve.score import truth_of
from core.graph.resolve.shelf import anchor, compare_shelf
from core.graph.resolve.values import alike
from core.llm.base import Completion
from tests.resolve_world import left, right


def records(count: int) -> tuple[list[Record], list[Record]]:
    def made(row: dict[str, str]) -> Record:
        return Record(row["id"], row["title"], row["brand"], float(row["price"]), source=row["id"][0])

    return [made(left(n)) for n in range(count)], [made(right(n)) for n in range(count)]


def taught(count: int = 60) -> tuple[Matcher, list[Record], list[Record]]:
    one, other = records(count)
    compared = compare(one, other)
    truth = truth_of(compared, [(f"a{n}", f"b{n}") for n in range(count)])
    return train(compared.table, compared.pairs, truth), one, other


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("sony cd-i200 cable", {"cdi200"}),
        ("panasonic kx-tg9333t phone 2.4 ghz", {"kxtg9333t"}),
        ("seagate 500gb disk 7200rpm", {"7200rpm"}),
        ("a 1080p tv, 46-inch", set()),
        ("draper 121066 remote", {"121066"}),
    ],
)
def test_model_codes_are_told_from_amounts(title: str, found: set[str]) -> None:
    assert codes_in(title) == found


def test_amounts_packs_numbers_and_trade_numbers() -> None:
    assert amounts_in("Tonic 1.5 l (1500 ml)") == {"ml": frozenset({(1500.0, True)})}
    assert amounts_in("6-in-1 card reader") == {}
    assert amounts_in("disk 7200.12 500 GB") == {"GB": frozenset({(500.0, True)})}
    assert packs_in("Filters, box of 50") == packs_in("Filters 50-pack") == {50}
    assert numbers_in("acrobat v8.0 for windows 2000") == {"8", "2000"}
    assert gtins_in("UPC: 036000291452, order 123456789013") == {"00036000291452"}
    assert brand_key("Hewlett-Packard Inc.") == brand_key("HP")


def test_a_probability_is_the_sum_of_its_parts() -> None:
    matcher, one, other = taught()
    compared = compare(one, other)
    odds = [sum(parts.values()) for parts in matcher.explain(compared.table, compared.pairs)]
    assert np.allclose(
        1 / (1 + np.exp(-np.array(odds))), matcher.probability(compared.table, compared.pairs), atol=1e-6
    )


def test_a_matcher_comes_back_from_its_file(tmp_path: Path) -> None:
    matcher, one, other = taught()
    path = tmp_path / "m.json"
    path.write_text(json.dumps(matcher.to_json()), "utf-8")
    compared = compare(one, other)
    again = load(path)
    assert again.version == matcher.version
    assert np.allclose(
        again.probability(compared.table, compared.pairs),
        matcher.probability(compared.table, compared.pairs),
        atol=1e-3,
    )
    path.write_text("{}", "utf-8")
    with pytest.raises(ModelUnavailable, match="weights"):
        load(path)


def test_too_few_matches_teach_nothing() -> None:
    with pytest.raises(DataError, match="at least 20"):
        taught(12)


def test_the_shipped_weights_find_what_is_one_product() -> None:
    one, other = records(20)
    found = compare_shelf([*one, *other], load())
    first = {(pair.one, pair.other) for pair in found if pair.probability > 0.5}
    assert {(f"a{n}", f"b{n}") for n in range(20)} == first


def test_only_what_is_new_is_compared_and_comes_out_the_same() -> None:
    one, other = records(20)
    every = compare_shelf([*one, *other], load())
    some = compare_shelf([*reversed(other), *one], load(), fresh={"a3", "b7"})
    assert {(p.one, p.other) for p in some} == {
        (p.one, p.other) for p in every if {p.one, p.other} & {"a3", "b7"}
    }
    known = {(p.one, p.other): p.probability for p in every}
    assert all(abs(p.probability - known[p.one, p.other]) < 1e-6 for p in some)


def test_twins_within_a_source_are_found_where_it_is_asked() -> None:
    one, _ = records(20)
    twin = Record("a99", one[4].title, one[4].brand, one[4].price, source="a")
    assert not compare_shelf([*one, twin], load())
    pairs = compare_shelf([*one, twin], load(), within=True)
    assert (pairs[0].one, pairs[0].other, pairs[0].anchor) == ("a4", "a99", "code")


def test_a_refill_does_not_become_the_device_whose_number_it_names() -> None:
    titles = (
        "Xyron Sticker Maker XRN150",
        "Xyron Refill for the XRN150 Sticker Maker",
        "Sticker Maker XRN150",
    )
    device, refill, same = profiles([Record(title, title) for title in titles])
    assert device.codes & refill.codes
    assert (anchor(device, refill), anchor(device, same)) == ("", "code")


def test_spelling_variants_of_values() -> None:
    labels = [
        "Stainless-Steel",
        "stainless steels",
        "stainles steel",
        "steel, stainless",
        "304 steel",
        "316 steel",
        "oak",
    ]
    nodes = [Node(f"material:{n}", "Material", label) for n, label in enumerate(labels)]
    nodes.append(Node("color:9", "Color", "stainless steel"))
    found = {(pair.one, pair.other): pair.how for pair in alike(nodes)}
    assert found["material:0", "material:1"] == "letters"
    assert found["material:0", "material:3"] == "words"
    assert found["material:0", "material:2"] == "spelling"
    packs = [
        Node(f"packSize:{n}", "PackSize", label) for n, label in enumerate(("4-pack of 2", "2 pack of 4"))
    ]
    (pair,) = alike(packs)
    assert (pair.how, pair.sure) == ("figures", False)
    assert not any(
        node in pair for pair in found for node in ("material:4", "material:5", "material:6", "color:9")
    )


class _Says:
    id, languages = "fake", ("*",)

    def complete(self, prompts: list[str], forms: list[object], **_: object) -> list[Completion]:
        words = ["yes" if "KT" in prompt.rsplit("A: ", 1)[1] else "none" for prompt in prompts]
        return [Completion(f"Same product: {word}\n", 1, 1, None, 0.0) for word in words]


def test_a_model_is_asked_in_batches_and_may_give_no_answer() -> None:
    done: list[int] = []
    answers = ask(_Says(), [("KT 1", "KT1")] * 17 + [("lamp", "desk")], done.append)  # type: ignore[arg-type]
    assert answers == [True] * 17 + [None]
    assert done == [16, 18]
