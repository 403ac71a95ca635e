"""Normalisation, the second and recorded step: from the words of the text to a value that can be shared.

The surface is never overwritten; a value's ``rule`` says how its key came about.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.extract import quantity
from core.extract.lexicon import lexicon
from core.extract.tokens import fold, has_cjk
from core.ontology import Family, family


@dataclass(frozen=True, slots=True)
class NormalValue:
    """``key`` is equal for equal values; ``label`` is what is shown; ``rule`` is the step that made them:
    ``quantity``, ``dimensions``, ``count``, ``synonym``, ``singular``, ``spelling`` or ``case``."""

    key: str
    label: str
    rule: str


_AMERICAN = {
    "grey": "gray", "colour": "color", "colours": "colors", "coloured": "colored", "flavour": "flavor",
    "flavours": "flavors", "flavoured": "flavored", "aluminium": "aluminum", "fibre": "fiber", "fibres": "fibers",
    "litre": "liter", "litres": "liters", "metre": "meter", "metres": "meters", "centre": "center",
    "jewellery": "jewelry", "mould": "mold", "moulded": "molded", "moisturiser": "moisturizer",
    "moisturising": "moisturizing", "organiser": "organizer", "organisers": "organizers", "odour": "odor",
    "odours": "odors", "travelling": "traveling", "travellers": "travelers", "traveller": "traveler",
    "neighbours": "neighbors", "pyjamas": "pajamas", "tyre": "tire", "tyres": "tires", "licence": "license",
    "sulphate": "sulfate", "cosy": "cozy", "plough": "plow", "mum": "mom", "mums": "moms", "favourite": "favorite",
    "neutralises": "neutralizes", "fragrance-free": "fragrance free", "noise-cancelling": "noise canceling",
    "cancelling": "canceling", "cancellation": "canceling", "catalogue": "catalog", "theatre": "theater",
    "yoghurt": "yogurt", "whisky": "whiskey", "doughnut": "donut", "cheque": "check", "practise": "practice",
}  # fmt: skip
_SAME_IN_PLURAL = frozenset({
    "series", "species", "lens", "gas", "bus", "iris", "news", "canvas", "brass", "glass", "swiss", "always",
    "less", "plus", "bass", "dress", "mess", "press", "access", "chess", "analysis", "basis", "oasis", "tennis",
    "christmas", "mattress", "harness", "fitness", "wellness", "business", "sis", "atlas", "cactus",
})  # fmt: skip
_NO_SINGULAR = frozenset({"brand", "countryOfOrigin"})
_LEGAL = re.compile(r"[\s,]+(?:inc|ltd|llc|gmbh|co|corp|corporation|company|limited|s\.?a|ag|plc)\.?$")
_EDGE = " \t\r\n\"'“”‘’«»()[]{}【】（）《》,.;:!?，。；：！？、·•*|/\\-–—™®©"


def normalise(relation: str, surface: str) -> NormalValue:
    """The shared value of ``surface`` as the object of ``relation``; total: any words have a value."""
    found = quantity.parse(surface, relation) if _may_measure(relation, surface) else None
    if found:
        return NormalValue(found.key, found.label, found.kind)
    words = _clean(surface)
    plain = _spelled(words)
    for form in (words, plain, _singular(plain)):
        canonical = lexicon().canonical(relation, form)
        if canonical:
            return NormalValue(fold(canonical), canonical, "synonym")
    final = plain if relation in _NO_SINGULAR else _singular(plain)
    if relation == "brand":
        final = _LEGAL.sub("", final) or final
    rule = "singular" if final != plain else "spelling" if plain != words else "case"
    named = family(relation) in (Family.IDENTITY, Family.LINK) and relation != "productType"
    return NormalValue(final, _label(surface) if named else final, rule)


def _may_measure(relation: str, surface: str) -> bool:
    if family(relation) is Family.QUANTITY:
        return True
    return family(relation) is Family.OTHER and any(c.isdigit() or c in "½¼¾⅓⅔⅛" for c in surface)


def _clean(surface: str) -> str:
    """Folded, without marks and punctuation at the edges; what consists of nothing else stays as it is."""
    text = "".join(c for c in surface if unicodedata.category(c) not in ("Cc", "Cf") or c.isspace())
    text = text.translate({ord(c): None for c in "™®©"})
    folded = fold(text).replace("’", "'")
    return folded.strip(_EDGE) or folded or fold(surface) or surface


def _label(surface: str) -> str:
    return " ".join(unicodedata.normalize("NFC", surface).split()).strip(_EDGE) or surface


def _spelled(words: str) -> str:
    if has_cjk(words):
        return re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", words)
    joined = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", _AMERICAN.get(words, words))
    return " ".join(_AMERICAN.get(word, word) for word in joined.split()) or words


def _singular(words: str) -> str:
    head, _, last = words.rpartition(" ")
    return f"{head} {_singular_word(last)}".strip()


_IRREGULAR = {
    "women": "woman", "men": "man", "children": "child", "kids": "kid", "people": "person", "knives": "knife",
    "leaves": "leaf", "feet": "foot", "teeth": "tooth", "shelves": "shelf", "mice": "mouse",
}  # fmt: skip


def _singular_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if not re.fullmatch(r"[a-z]{4,}", word) or word in _SAME_IN_PLURAL or re.search(r"(ss|us|is)$", word):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(x|ch|sh|ss|zz)es$", word):
        return word[:-2]
    return word.removesuffix("s")
