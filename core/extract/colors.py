"""Colours: the one a marketing name speaks of, and the group that shoppers filter by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import yaml

from core.extract.lexicon import lexicon
from core.extract.tokens import fold, has_cjk
from core.settings import ASSETS

PATH = ASSETS / "values" / "colors.yaml"
_SHADES = frozenset({
    "light", "dark", "deep", "pale", "bright", "matte", "glossy", "soft", "hot", "neon", "pastel", "metallic",
    "medium", "dusty",
})  # fmt: skip
_JOINTS = frozenset(["and", "with", "or", "on", "in", "to", "w", "+", "&", "/", ","])


def colour_in(name: str) -> str | None:
    """The colour a folded name ends in, where what stands before it is only its marketing: "midnight navy" → "navy".

    A name of two colours, or one that says a shade ("dark red"), is a colour of its own: None.
    """
    words = name.split()
    if has_cjk(name) or len(words) < 2 or _is_colour(name) or not (_JOINTS | _SHADES).isdisjoint(words):
        return None
    tails = [" ".join(words[at:]) for at in range(1, len(words))]
    found = next((tail for tail in tails if _is_colour(tail)), None)
    if found is None:
        return None
    before = words[: len(words) - len(found.split())]
    if any(_is_colour(word) for word in before):
        return None
    return lexicon().canonical("color", found) or found


def group_of(name: str) -> str | None:
    """The group of a colour, such as "blue" for "midnight navy" or "藏青色"; None where no word of it is known."""
    folded = fold(name)
    table = _groups()
    if folded in table:
        return table[folded]
    if has_cjk(folded):
        tails = [folded[at:] for at in range(1, len(folded))]
        return next((table[tail] for tail in tails if tail in table), None)
    words = folded.replace("-", " ").split()
    tails = [" ".join(words[at:]) for at in range(len(words))]
    found = next((table[tail] for tail in tails if tail in table), None)
    return found or next((table[word] for word in words if word in table), None)


def _is_colour(folded: str) -> bool:
    return folded in _groups() or lexicon().canonical("color", folded) is not None


@cache
def _groups() -> Mapping[str, str]:
    raw = yaml.safe_load(PATH.read_text("utf-8"))
    table: dict[str, str] = {}
    for group, names in raw.items():
        for name in names:
            table.setdefault(fold(name), group)
    return table
