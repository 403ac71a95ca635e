"""What needs no training: quantities by their units, links to products by their phrases, and the lexicon's words.

These fill in where the tagger says nothing, so that a catalogue nobody has labelled has facts at once. Confidences
are modest constants: a lexicon word is often, not always, a statement about the product.
"""

from __future__ import annotations

import re

from core.extract import quantity
from core.extract.ground import Span, without_overlaps
from core.extract.lexicon import lexicon_gazetteer, stems
from core.extract.links import link_spans
from core.extract.tokens import Token, sentences, tokenize

QUANTITY_CONFIDENCE = 0.7
LEXICON_CONFIDENCE = {
    "material": 0.65, "color": 0.6, "ingredient": 0.65, "countryOfOrigin": 0.55, "flavor": 0.4, "scent": 0.4,
    "feature": 0.6, "usedFor": 0.5, "usedIn": 0.4, "solves": 0.55, "audience": 0.5, "suitedTo": 0.6,
    "style": 0.4, "productType": 0.4,
}  # fmt: skip
OPINION_CONFIDENCE = 0.55
_RELATION_OF_UNIT = {
    "ml": "capacity",
    "g": "weight",
    "mm": "size",
    "W": "power",
    "mAh": "capacity",
    "GB": "capacity",
}
_REACH = 6
_STARTS = re.compile(r"[\d½¼¾⅓⅔⅛一二两三四五六七八九十双]|(?:pack|set|box|pair)s?$", re.IGNORECASE)


def product_spans(text: str) -> list[Span]:
    """Quantities and lexicon values in product text, without overlaps."""
    tokens = tokenize(text)
    found = _quantities(text, tokens) + link_spans(text)
    for first, stop, listed in lexicon_gazetteer().match(stems(token.text for token in tokens)):
        if listed in LEXICON_CONFIDENCE:
            span = Span(tokens[first].start, tokens[stop - 1].end, listed, LEXICON_CONFIDENCE[listed])
            found.append(span)
    return without_overlaps(found)


def opinion_spans(text: str) -> list[Span]:
    """Aspects with the sentiment of the nearest judging word of the same sentence; a negation turns it round."""
    found = []
    for sentence in sentences(text):
        tokens = tokenize(sentence.text)
        matches = lexicon_gazetteer().match(stems(token.text for token in tokens))
        for first, stop, listed in matches:
            relation = _judged(first, stop, matches) if listed == "aspect" else None
            if relation:
                start, end = tokens[first].start + sentence.start, tokens[stop - 1].end + sentence.start
                found.append(Span(start, end, relation, OPINION_CONFIDENCE))
    return without_overlaps(found)


def _judged(first: int, stop: int, matches: list[tuple[int, int, str]]) -> str | None:
    near = [
        (_distance(first, stop, left, right), listed, left)
        for left, right, listed in matches
        if listed in ("praise", "blame") and not (left < stop and first < right)
    ]
    near = [entry for entry in near if entry[0] <= _REACH]
    if not near:
        return None
    _, listed, at = min(near)
    negated = any(kind == "negation" and 0 <= at - right <= 1 for _, right, kind in matches)
    return "praisedFor" if (listed == "praise") != negated else "criticisedFor"


def _distance(first: int, stop: int, left: int, right: int) -> int:
    return left - stop if left >= stop else first - right


def _quantities(text: str, tokens: list[Token]) -> list[Span]:
    found = []
    for at, token in enumerate(tokens):
        if not _STARTS.match(token.text):
            continue
        for width in (9, 7, 5, 4, 3, 2):
            last = at + width - 1
            if last >= len(tokens) or tokens[last].end - token.start > 30:
                continue
            relation = _relation(text[token.start : tokens[last].end])
            if relation:
                found.append(Span(token.start, tokens[last].end, relation, QUANTITY_CONFIDENCE))
                break
    return without_overlaps(found)


def _relation(words: str) -> str | None:
    if not re.search(r"[\d½¼¾一二两三四五六七八九十]", words):
        return None
    found = quantity.parse(words)
    if found is None:
        return None
    if found.kind == "count":
        return "packSize" if not re.fullmatch(r"x?\d+x?", words) else None
    return "size" if found.kind == "dimensions" else _RELATION_OF_UNIT.get(found.key.rpartition(" ")[2])
