"""The picture of a build: same events, same view; nodes never jump; the reading pane shows what was read."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from core.domain import Ledger
from core.graph.growing import SHOWN_NODES
from core.graph.live import BuildView
from core.graph.places import GAP, Places
from core.graph.replay import Replay
from core.jobs import JobEvent


def item(product: str, relation: str, value: str, **changed: Any) -> dict[str, Any]:
    base = {
        "id": f"{product}-{relation}-{value}", "subject": f"product:{product}", "subject_label": product.upper(),
        "relation": relation, "family": "substance", "object": f"{relation}:{value}", "object_label": value,
        "object_type": "Material", "quote": value, "product": product, "document": f"{product}/title",
        "start": 0, "end": len(value), "standing": "committed", "confidence": 0.9, "step": "llm",
    }  # fmt: skip
    return base | changed


def read(product: str, text: str) -> dict[str, Any]:
    documents = [{"id": f"{product}/title", "field": "title", "text": text}]
    return {"product": product, "title": text, "step": "llm", "documents": documents}


def story(*told: tuple[str, dict[str, Any]]) -> list[JobEvent]:
    return [JobEvent(seq, float(seq), kind, data) for seq, (kind, data) in enumerate(told, start=1)]


def played(events: list[JobEvent]) -> BuildView:
    view = BuildView()
    for event in events:
        view.apply(event)
    return view


def long_story(products: int, seed: int = 0) -> list[JobEvent]:
    draw = random.Random(seed)
    told: list[tuple[str, dict[str, Any]]] = []
    for number in range(products):
        name = f"p{number}"
        told.append(("read", read(name, "steel cup")))
        values = draw.sample(range(60), 4)
        told.append(("facts", {"items": [item(name, "material", f"v{value}") for value in values]}))
    return story(*told)


def test_words_light_up_in_the_order_in_which_facts_are_made() -> None:
    view = played(
        story(
            ("read", read("cup", "blue steel cup")),
            ("facts", {"items": [item("cup", "material", "steel", start=5, end=10)]}),
            ("facts", {"items": [item("cup", "color", "blue"), item("other", "color", "red")]}),
        )
    )
    assert view.reading.title == "blue steel cup"
    assert [fact.quote for fact in view.reading.lit] == ["steel", "blue"]
    assert [fact.quote for fact in view.recent()] == ["red", "blue", "steel"]
    assert view.facts == 3


def test_a_new_product_clears_the_pane_but_keeps_its_own_facts_lit() -> None:
    view = played(
        story(
            ("read", read("cup", "steel cup")),
            ("tokens", {"text": "material: st"}),
            ("tokens", {"text": "eel"}),
            ("facts", {"items": [item("cup", "material", "steel"), item("pot", "material", "iron")]}),
        )
    )
    assert view.tokens == "material: steel"
    view.apply(JobEvent(5, 5.0, "read", read("pot", "iron pot")))
    assert view.tokens == ""
    assert [fact.quote for fact in view.reading.lit] == ["iron"]


def test_words_light_up_as_the_model_points_at_them_before_they_are_committed() -> None:
    mark = {"document": "cup/title", "start": 5, "end": 10, "relation": "material"}
    view = played(
        story(("read", read("cup", "blue steel cup")), ("mark", mark), ("mark", mark | {"document": "x"}))
    )
    assert [(one.start, one.end) for one in view.reading.marks] == [(5, 10)]
    assert view.facts == 0
    view.apply(JobEvent(4, 4.0, "read", read("pot", "iron pot")))
    assert view.reading.marks == ()


def test_ledger_speed_and_progress_are_those_last_told() -> None:
    view = played(
        story(
            ("ledger", {"committed": 3, "merged": 1, "quarantined": 1, "rejected": 0}),
            (
                "speed",
                {"products_per_second": 2.5, "tokens_per_second": None, "seconds_left": 8.0, "tokens": 40},
            ),
            ("progress", {"done": 5, "total": 20, "message": "tagger"}),
            ("status", {"status": "paused"}),
            ("something of another version", {"x": 1}),
        )
    )
    assert view.ledger == Ledger(3, 1, 1, 0)
    assert (view.speed.products_per_second, view.speed.tokens_per_second) == (2.5, None)
    assert (view.done, view.total, view.status) == (5, 20, "paused")


def test_what_is_kept_apart_is_in_the_feed_and_not_in_the_graph() -> None:
    view = played(story(("facts", {"items": [item("cup", "material", "moon", standing="quarantined")]})))
    assert [fact.quote for fact in view.recent()] == ["moon"]
    assert view.picture().nodes == ()


def test_an_event_taken_in_twice_changes_nothing() -> None:
    events = long_story(5)
    view = played(events)
    for event in events:
        view.apply(event)
    assert (view.facts, view.seq) == (20, len(events))


def test_no_shown_node_ever_moves_and_none_overlap() -> None:
    view, before = BuildView(), {}
    for event in long_story(400):
        view.apply(event)
        picture = view.picture()
        now = {node.id: point for node, point in picture.nodes}
        assert all(now[node] == before[node] for node in now.keys() & before.keys())
        assert len(now) <= SHOWN_NODES
        assert all(subject in now and target in now for _, subject, target, _ in picture.edges)
        before = now
    points = list(before.values())
    closest = min(math.dist(a, b) for i, a in enumerate(points) for b in points[:i])
    assert closest >= GAP
    assert max(math.hypot(x, y) for x, y in points) < 25 * GAP, "the picture does not sprawl"


def test_the_last_facts_are_always_in_the_picture_and_glow() -> None:
    view = played(long_story(400))
    picture = view.picture()
    shown = {node.id for node, _ in picture.nodes} | {edge for edge, *_ in picture.edges}
    assert picture.fresh
    assert picture.fresh <= shown


def test_a_new_node_is_placed_beside_its_neighbour() -> None:
    view = played(long_story(60))
    view.apply(JobEvent(view.seq + 1, 0.0, "facts", {"items": [item("p30", "material", "novel")]}))
    at = {node.id: point for node, point in view.picture().nodes}
    assert math.dist(at["product:p30"], at["material:novel"]) < 8 * GAP


@pytest.mark.parametrize("seq", [0, 1, 399, 400, 401, 10_000])
def test_the_scrubber_shows_what_was_shown_then(seq: int) -> None:
    events = long_story(230)
    replay = Replay()
    replay.extend(events[:200])
    replay.extend(events[150:])  # a page that polls may hand over what it has again
    then, expected = replay.at(seq), played(events[:seq])
    assert then.seq == expected.seq
    assert then.picture() == expected.picture()
    assert list(then.feed) == list(expected.feed)
    assert replay.head.picture() == played(events).picture(), "looking back does not change the present"


def test_a_freed_place_can_be_taken_again() -> None:
    places = Places()
    first = places.put("a")
    places.take_away("a")
    assert places.put("b", wish=first) == first
    assert math.dist(places.put("a", wish=first), first) >= GAP


def test_a_claim_that_stands_no_more_leaves_the_picture_with_what_it_alone_held() -> None:
    steel, again = item("cup", "material", "steel"), item("pot", "material", "steel")
    color = item("cup", "color", "blue")

    def apart(told: dict[str, Any]) -> dict[str, Any]:
        return told | {"object": "", "standing": "quarantined", "confidence": 0.3}

    told = [("read", read("cup", "blue steel cup")), ("facts", {"items": [steel, color, again]})]
    view = played(story(*told, ("changed", {"items": [apart(color)]})))
    shown = {node.id for node, _ in view.picture().nodes}
    assert shown == {"product:cup", "product:pot", "material:steel"}
    assert view.facts == 3, "nothing was extracted anew"
    assert [fact.stands for fact in view.recent()] == [True, False, True]
    assert {fact.id: fact.stands for fact in view.reading.lit}[color["id"]] is False
    view = played(story(*told, ("changed", {"items": [apart(color), apart(steel)]})))
    assert {node.id for node, _ in view.picture().nodes} == {"product:pot", "material:steel"}
    view = played(story(*told, ("changed", {"items": [apart(color)]}), ("changed", {"items": [color]})))
    assert {node.id for node, _ in view.picture().nodes} == {*shown, "color:blue"}


def test_an_edge_that_another_claim_holds_stays() -> None:
    one, other = item("cup", "material", "steel"), item("cup", "material", "steel", id="second")
    gone = one | {"object": "", "standing": "quarantined"}
    view = played(story(("facts", {"items": [one, other]}), ("changed", {"items": [gone]})))
    assert len(view.picture().edges) == 1


def test_where_a_budget_ended_the_model_is_kept() -> None:
    view = played(story(("stopped", {"reason": "tokens", "read": 12, "of": 40})))
    assert view.stopped == {"reason": "tokens", "read": 12, "of": 40}
