"""Looks: every item in one, only equal values together, most errors first; and how soon they find the errors."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import EntryKind, Standing
from core.extract.triage import FIRST, Triage, found_at, found_curve
from core.graph.looks import Look, looks, value_of
from core.graph.review import Item, Signals, key_of
from core.graph.review_log import Choice, decide, read_decisions, undo
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from tests.graph_world import document, fill, read
from tests.unit.test_review import items

WORDS = ("Steel", "steel", "Paper", "0.9 l", "900 ml")


def made(product: str, words: str, relation: str, category: str, confidence: float, *, apart: bool) -> Item:
    text = document(product, f"It says {words}.")
    reading = read(text, relation, words, confidence=confidence)
    standing = Standing.QUARANTINED if apart else Standing.COMMITTED
    return Item(
        (reading,),
        standing,
        "contested" if apart else "",
        "",
        category,
        confidence,
        (),
        Signals(confidence, apart=apart),
        key_of(reading)[2],
    )


some_items = st.lists(
    st.builds(
        made,
        st.sampled_from([f"p{n}" for n in range(8)]),
        st.sampled_from(WORDS),
        st.sampled_from(["material", "capacity", "usedFor"]),
        st.sampled_from(["kitchen", "desk"]),
        st.floats(0, 1),
        apart=st.booleans(),
    ),
    max_size=24,
    unique_by=lambda item: item.ids,
)


@given(some_items, st.randoms(use_true_random=False))
def test_each_item_is_in_one_look_and_a_look_is_all_there_is_of_a_value(
    given_items: list[Item], chosen: random.Random
) -> None:
    found = looks(given_items)
    assert sorted(i.ids for look in found for i in look.items) == sorted(i.ids for i in given_items)
    assert len({value_of(look.lead) for look in found}) == len(found)
    for look in found:
        assert {value_of(item) for item in look.items} == {value_of(look.lead)}
        assert look.lead.worth == max(item.worth for item in look.items)
        assert look.worth == pytest.approx(sum(item.worth for item in look.items))
        assert 0 < look.expected < len(look.items)
    assert [look.worth for look in found] == sorted((look.worth for look in found), reverse=True)
    mixed = list(given_items)
    chosen.shuffle(mixed)
    assert looks(mixed) == found
    assert looks(mixed, by_value=False) == [
        Look((item,)) for item in sorted(given_items, key=lambda item: (-item.worth, item.ids))
    ]


def test_one_value_is_one_look_however_it_is_written_but_not_across_relations_or_categories() -> None:
    one = made("p1", "0.9 l", "capacity", "kitchen", 0.8, apart=False)
    same = made("p2", "900 ml", "capacity", "kitchen", 0.6, apart=True)
    other = made("p3", "0.9 l", "capacity", "desk", 0.7, apart=False)
    word = made("p4", "0.9 l", "usedFor", "kitchen", 0.7, apart=False)
    found = looks([one, same, other, word])
    assert [len(look.items) for look in found] == [2, 1, 1]
    assert (found[0].lead, found[0].products) == (same, 2)
    assert found[0].led_by(one).items == (one, same)
    assert found[1].led_by(same).items == (same, *found[1].items)


def test_many_small_doubts_come_before_a_single_larger_one() -> None:
    many = [made(f"p{n}", "Steel", "material", "kitchen", 0.8, apart=False) for n in range(4)]
    single = made("p9", "Paper", "material", "kitchen", 0.4, apart=False)
    assert [len(look.items) for look in looks([single, *many])] == [4, 1]
    assert looks([single, *many], by_value=False)[0].lead == single


def test_two_who_decide_a_look_at_once_lose_nothing(workspace: Workspace) -> None:
    """Lin takes one of the two, Mo both of them, from the same version of the graph."""
    fill(workspace)
    seen = GraphStore(workspace).graph().seq
    look = next(one for one in looks(items(workspace)) if one.products == 2)
    first, second = look.items
    lin = decide(workspace, [Choice(EntryKind.ACCEPTED, first.ids)], "Lin", seen)
    choices = [Choice(EntryKind.REJECTED, item.ids) for item in look.items]
    mo = decide(workspace, choices, "Mo", seen)
    assert (lin.done, mo.done, mo.taken) == (1, 1, (("Lin", EntryKind.ACCEPTED),))
    standing = GraphStore(workspace).graph().standing
    assert standing[first.lead.id] is not Standing.REJECTED
    assert standing[second.lead.id] is Standing.REJECTED
    with workspace.db.read() as reader:
        (theirs,) = [one for one in read_decisions(reader) if one.actor == "Mo"]
    undo(workspace, theirs, "Mo")
    assert GraphStore(workspace).graph().standing[second.lead.id] is not Standing.REJECTED


values = st.lists(
    st.tuples(st.sampled_from([0.2, 0.5, 0.8, 0.95]), st.booleans(), st.integers(0, 6)), max_size=40
)


@given(values, st.randoms(use_true_random=False))
def test_the_curves_rise_from_nothing_to_all_and_depend_on_no_order(
    given_values: list[tuple[float, bool, int]], chosen: random.Random
) -> None:
    def triage(rows: list[tuple[float, bool, int]]) -> Triage:
        return Triage(*([row[k] for row in rows] for k in range(3)))  # type: ignore[arg-type]

    found = triage(given_values)
    mixed = list(given_values)
    chosen.shuffle(mixed)
    assert triage(mixed).to_json() == found.to_json()
    wrong = sum(not right for _, right, _ in given_values)
    if not wrong:
        assert found.to_json()["perfect"] is None
        assert not any(found.curves().values())
        return
    assert found.wrong_share == pytest.approx(wrong / len(given_values))
    assert found_at(found.perfect, FIRST) == pytest.approx(min(1.0, FIRST / found.wrong_share))
    for curve in found.curves().values():
        assert len(curve) == 101
        assert (curve[0], curve[-1]) == (0.0, pytest.approx(1.0))
        assert curve == sorted(curve)
    best = found.curves()["perfect"]
    assert all(one <= other + 1e-9 for one, other in zip(found.curves()["by_fact"], best, strict=True))


def test_errors_that_repeat_are_found_sooner_by_value() -> None:
    """One wrong value in ten texts, among ninety others that are a little more doubtful each and right."""
    sure = [0.9] * 10 + [0.85] * 90
    right = [False] * 10 + [True] * 90
    groups = ["red"] * 10 + [str(n) for n in range(90)]
    told = Triage(sure, right, groups).to_json()
    assert (told["first_tenth"], told["first_tenth_by_value"]) == (0.0, 1.0)
    assert (told["perfect"], told["wrong_share"]) == (1.0, 0.1)


def test_looks_of_equal_doubt_count_as_in_a_random_order() -> None:
    curve = found_curve([(0.5, 1), (0.5, 0), (0.2, 2)])
    assert curve == [(0.0, 0.0), (pytest.approx(2 / 3), pytest.approx(1 / 3)), (1.0, 1.0)]
    assert found_at(curve, 1 / 3) == pytest.approx(1 / 6)
    assert found_curve([]) == found_curve([(0.3, 0)]) == []
