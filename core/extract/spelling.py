"""One spelling of English words: American, without hyphens, in the singular; Chinese without spaces."""

from __future__ import annotations

import re

from core.extract.tokens import has_cjk

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
_IRREGULAR = {
    "women": "woman", "men": "man", "children": "child", "kids": "kid", "people": "person", "knives": "knife",
    "leaves": "leaf", "feet": "foot", "teeth": "tooth", "shelves": "shelf", "mice": "mouse",
}  # fmt: skip


def spelled(words: str) -> str:
    """Folded words in American spelling and without hyphens; spaces between Chinese characters go."""
    if has_cjk(words):
        return re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", words)
    joined = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", _AMERICAN.get(words, words))
    return " ".join(_AMERICAN.get(word, word) for word in joined.split()) or words


def singular(words: str) -> str:
    """The last word in the singular."""
    head, _, last = words.rpartition(" ")
    one = _singular_word(last)
    return f"{head} {_singular_word(one) if one in _IRREGULAR else one}".strip()


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
