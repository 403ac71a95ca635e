"""Calibration on the catalogue: from decisions to a curve, never out of order, and used by the next build."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import EntryKind, content_hash
from core.extract import teach
from core.extract.calibrate import AS_IT_IS, LEAST, Calibration, fit, outlook
from core.extract.joint import Joint, Passage
from core.extract.schema import default
from core.extract.score import calibration_error
from core.graph.log import Log
from core.graph.review_log import Choice, decide
from core.stages import calibration
from core.stages.calibration import calibration_of, decided, recalibrate
from core.storage.workspaces import Workspace
from tests.graph_world import document, put_products, read
from tests.unit.test_joint import Pointer

FACTS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30)


def too_sure(count: int, seed: int = 0) -> list[tuple[float, bool]]:
    """Values with confidences around .8 of which half are right."""
    drawn = random.Random(seed)
    return [(drawn.uniform(0.65, 0.95), drawn.random() < 0.5) for _ in range(count)]


@given(FACTS)
def test_the_order_of_values_stays_and_no_confidence_leaves_its_range(
    facts: list[tuple[float, bool]],
) -> None:
    found = fit(facts)
    assert found.facts == len(facts)
    assert found.slope > 0
    values = [found.of(step / 20) for step in range(21)]
    assert all(0 <= low <= high <= 1 for low, high in pairwise(values))
    assert fit(facts[::-1]) == found


def test_readers_that_are_too_sure_are_found_out_by_a_few_dozen_decisions() -> None:
    told, rest = too_sure(50), too_sure(2_000, seed=1)
    found = fit(told)

    def error(known: Calibration) -> float:
        return calibration_error([known.of(c) for c, _ in rest], [right for _, right in rest])

    assert error(AS_IT_IS) > 0.25
    assert error(found) < 0.1
    assert fit(told[:1]).of(0.8) > 0.5, "one decision is no reason to believe nothing any more"
    points = outlook(rest, sizes=(0, 20, 100, 1_500))
    assert [point.facts for point in points] == [0, 20, 100]
    assert points[0].ece > points[1].ece > points[2].ece
    assert all(point.low <= point.ece <= point.high for point in points)


def test_decisions_calibrate_the_next_build_unless_their_texts_were_taught(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = {f"k{n}": (f"Kettle {n}", "", f"A kettle, number {n}, made of oak.") for n in range(LEAST)}
    put_products(workspace, shop)
    claims = [read(document(i, text), "material", "kettle", "reader") for i, (_, _, text) in shop.items()]
    Log(workspace).append(claims)
    decide(workspace, [Choice(EntryKind.REJECTED, tuple(claim.id for claim in claims))], "me", 10**9)
    reader = Pointer(material="kettle")
    monkeypatch.setattr(calibration, "reader_of", lambda _: reader)
    monkeypatch.setattr(teach, "reader_of", lambda _: reader)
    monkeypatch.setattr(calibration, "tagger_of", lambda _: None)
    passage = Passage(shop["k0"][2], "", language="en")

    def sure(known: Calibration) -> float:
        (heard,) = Joint(default(), None, reader, calibration=known).read([passage])
        return next(s.span.confidence for s in heard.said if s.span.relation == "material")

    assert calibration_of(workspace) == AS_IT_IS
    found = recalibrate(workspace, default())
    assert found.facts == LEAST
    assert calibration_of(workspace) == found
    assert sure(found) < 0.5 * sure(AS_IT_IS)
    asked = len(reader.queries)
    assert recalibrate(workspace, default()) == found
    assert len(reader.queries) == asked, "what was fitted stands until there are twice as many decisions"
    monkeypatch.setattr(calibration, "taught_texts", lambda _: {content_hash(shop["k0"][2])})
    assert len(decided(workspace, Joint(default(), None, reader))) == LEAST - 1
    reader.version = "taught"
    assert calibration_of(workspace) == AS_IT_IS, "other readers are sure of other things"
