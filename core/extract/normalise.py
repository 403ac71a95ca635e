"""Normalisation, the second and recorded step: from the words of the text to a value that can be shared.

The surface is never overwritten; a value's ``rule`` says how its key came about.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from core.extract import brands, quantity
from core.extract.colors import colour_in
from core.extract.lexicon import lexicon
from core.extract.normal_rules import Rule, shaped
from core.extract.spelling import singular, spelled
from core.extract.tokens import fold
from core.extract.value_kinds import READERS, Found, kind_of, money, yes_or_no
from core.ontology import Family, family

RULES = (
    "quantity", "range", "dimensions", "count", "number", "price", "date", "boolean", "size", "resolution", "gtin",
    "gtin_invalid", "color", "synonym", "brand", "singular", "spelling", "case",
    "unit", "expand", "category", "letters", "part", "upper", "lower", "figure",
)  # fmt: skip
"""Every rule that a value can have come about by; those of the last line are asked for by a schema."""


@dataclass(frozen=True, slots=True)
class NormalValue:
    """``key`` is equal for equal values; ``label`` is what is shown; ``rule`` is the one of ``RULES`` that made
    them, the last where there were several."""

    key: str
    label: str
    rule: str


_NO_SINGULAR = frozenset({"brand", "countryOfOrigin"})
_EDGE = " \t\r\n\"'“”‘’«»()[]{}【】（）《》,.;:!?，。；：！？、·•*|/\\-–—™®©"
_DIGIT_LIKE = re.compile(r"\d|[½¼¾⅓⅔⅛零一二两三四五六七八九十百千万半]")


def normalise(relation: str, surface: str, rule: Rule | None = None) -> NormalValue:
    """The shared value of ``surface`` as the object of ``relation``; total: any words have a value.

    ``rule`` is what a schema asks for beside what is done to every value.
    """
    if rule is not None:
        wished = shaped(relation, surface, rule)
        if wished is not None:
            return NormalValue(*wished)
    return _general(relation, surface, rule.kind if rule else "")


def _general(relation: str, surface: str, kind: str) -> NormalValue:
    words = _clean(surface)
    plain = spelled(words)
    one = plain if relation in _NO_SINGULAR else singular(plain)
    for form in dict.fromkeys((surface, words, one)):
        if found := _measured(relation, form, kind):
            return NormalValue(*found)
    if relation == "brand":
        return _brand(surface, plain)
    for form in (words, plain, one):
        canonical = lexicon().canonical(relation, form)
        if canonical:
            return NormalValue(fold(canonical), canonical, "synonym")
    if relation == "color" and (colour := colour_in(one)):
        return NormalValue(fold(colour), colour, "color")
    made = "singular" if one != plain else "spelling" if plain != words else "case"
    named = family(relation) in (Family.IDENTITY, Family.LINK) and relation != "productType"
    return NormalValue(one, _label(surface) if named else one, made)


def _measured(relation: str, surface: str, kind: str) -> Found | None:
    """What a reader of numbers, codes and the like makes of it, in the order in which they may not be confused."""
    told = kind if kind in READERS else kind_of(relation) if family(relation) is Family.OTHER else ""
    if told and (found := READERS[told](surface)):
        return found
    if family(relation) is Family.OTHER and (found := yes_or_no(surface) or money(surface)):
        return found
    if relation == "size" and (found := READERS["size"](surface)):
        return found
    if _may_measure(relation, surface, kind) and (amount := quantity.parse(surface, relation)):
        return Found(amount.key, amount.label, amount.kind)
    return None


def _may_measure(relation: str, surface: str, kind: str) -> bool:
    if kind in ("quantity", "count") or family(relation) is Family.QUANTITY:
        return True
    return family(relation) is Family.OTHER and _DIGIT_LIKE.search(surface) is not None


def _brand(surface: str, plain: str) -> NormalValue:
    known = brands.known_as(plain) or brands.known_as(brands.without_legal_form(plain))
    if known:
        return NormalValue(brands.plain_name(fold(known)), known, "brand")
    shorter = brands.without_legal_form(plain)
    key = brands.plain_name(shorter)
    return NormalValue(key, _label(surface), "brand" if key != plain else "case")


def _clean(surface: str) -> str:
    """Folded, without marks and punctuation at the edges; what consists of nothing else stays as it is."""
    text = surface
    if not surface.isascii() or not surface.isprintable():
        text = "".join(c for c in surface if unicodedata.category(c) not in ("Cc", "Cf") or c.isspace())
        text = text.translate(_marks())
    folded = fold(text).replace("’", "'")
    return folded.strip(_EDGE) or folded or fold(surface) or surface


@cache
def _marks() -> dict[int, None]:
    return {ord(c): None for c in "™®©"}


def _label(surface: str) -> str:
    """The words as they are written, without punctuation at the edges, where that is no other value."""
    label = " ".join(unicodedata.normalize("NFC", surface).split()).strip(_EDGE)
    return label if label and _clean(label) == _clean(surface) else surface
