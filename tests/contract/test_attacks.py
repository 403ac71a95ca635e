"""What every attack and every defence of the matrix owes its callers, whatever it changes."""

from __future__ import annotations

import numpy as np
import pytest

from core.robust.attack import FAMILIES
from core.robust.defences import DropFacts, DropProfiles, GuardTexts, ReadAgain
from core.robust.figures import figures
from core.robust.matrix import Line, RobustParams, lines
from core.robust.world import World
from tests.robust_world import model

TARGET = 5
LINES = lines(RobustParams())


def random() -> np.random.Generator:
    return np.random.default_rng(3)


def differs(world: World, other: World) -> dict[str, bool]:
    """By family, whether two worlds are different."""
    return {
        "vectors": world.shift is not other.shift,
        "texts": world.texts != other.texts,
        "profiles": not np.array_equal(world.known.product, other.known.product),
        "facts": any(not np.array_equal(a, b) for a, b in zip(world.facts, other.facts, strict=True)),
    }


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.attack.name}-{line.attack.strength}")
def test_an_attack_changes_what_its_family_says_the_same_way_for_a_seed(line: Line) -> None:
    attack, clean = line.attack, model().clean
    before = (clean.texts, clean.known.hash, [row.tolist() for row in clean.facts])
    world, again = (attack.apply(model(), TARGET, random()) for _ in range(2))
    assert (clean.texts, clean.known.hash, [row.tolist() for row in clean.facts]) == before
    assert attack.family in FAMILIES
    changed = differs(world, clean)
    if attack.name not in ("synonyms",):  # the small shop's words have no synonyms in the lexicon
        assert changed[attack.family]
    allowed = {attack.family, "facts"} if attack.family == "texts" else {attack.family}
    assert not any(changed[family] for family in FAMILIES if family not in allowed)
    assert world.texts == again.texts
    assert np.array_equal(world.known.product, again.known.product)
    if world.shift is not None:
        np.testing.assert_array_equal(world.shift, again.shift)
    told = figures(model(), world, TARGET if attack.targeted else None)
    assert 0 <= (told["ndcg@10"] or 0) <= 1
    assert (told["target_hit"] is None) == (not attack.targeted)


@pytest.mark.parametrize("defence", [GuardTexts(), DropProfiles(), DropFacts(), ReadAgain()])
def test_a_defence_hardly_harms_a_world_that_nobody_attacked(defence: object) -> None:
    clean = model().clean
    repaired = defence.repair(model(), clean, random())  # type: ignore[attr-defined]
    assert len(repaired.texts) == len(clean.texts)
    kept = sum(map(len, repaired.facts)) / sum(map(len, clean.facts))
    assert kept >= 0.9
    assert len(repaired.known) >= 0.9 * len(clean.known)
    assert repaired.texts == clean.texts
    before, after = figures(model(), clean), figures(model(), repaired)
    assert after["ndcg@10"] == pytest.approx(before["ndcg@10"], abs=0.05)
