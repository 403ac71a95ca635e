"""The small shop of ``recommend_world`` as a model under attack, read by a reader of three lines."""

from __future__ import annotations

from functools import cache

from core.robust.world import Model, Reading
from tests.recommend_world import BRANDS, USES, interactions, outcome, products


def read(text: str, category: str) -> Reading:
    """What the shop's texts state: their use and their brand."""
    uses = {("usedFor", f"use:{use}") for use in USES if use in text}
    return frozenset(uses | {("brand", f"brand:{brand.lower()}") for brand in BRANDS if brand in text})


@cache
def model() -> Model:
    """The shared trained run; worlds are immutable, so all tests may use it."""
    return Model(outcome().artefact, products(), interactions(), read)
