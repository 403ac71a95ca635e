"""What the tagger sees of each token: words, shapes, neighbours, lexicon hits, quantities, known column values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from core.extract import quantity
from core.extract.lexicon import Gazetteer, lexicon_gazetteer, stems
from core.extract.segments import Segment, segments
from core.extract.tokens import Token, has_cjk, tokenize

Own = Mapping[tuple[str, ...], set[str]]
_NOWHERE = Segment("|", 0, 0, "|")


@lru_cache(maxsize=65_536)
def shape(word: str) -> str:
    """``Xx`` for Folgers, ``d`` for a number, ``c`` for a CJK character, the character itself for punctuation."""
    if has_cjk(word):
        return "c"
    drawn = re.sub(r"[^\W\d_]", lambda m: "X" if m.group().isupper() else "x", word)
    return re.sub(r"\d+", "d", re.sub(r"(.)\1+", r"\1", drawn))


@lru_cache(maxsize=65_536)
def _alone(word: str, folded: str) -> tuple[str, ...]:
    """Features of a word by itself."""
    features = [f"w={folded}", f"s={shape(word)}"]
    if folded.isalpha() and folded.isascii():
        features += [
            f"p3={folded[:3]}",
            f"p2={folded[:2]}",
            f"e3={word.lower()[-3:]}",
            f"e2={word.lower()[-2:]}",
        ]
        features += [f"p4={folded[:4]}", f"e4={word.lower()[-4:]}"]
    if folded in quantity.units() or word.lower() in quantity.units():
        features.append(f"unit={(quantity.units().get(folded) or quantity.units()[word.lower()])[0]}")
    if folded in quantity.count_words() or word.lower() in quantity.count_words():
        features.append("counts")
    if quantity.parse_number(folded) is not None:
        features += ["number", f"digits={len(folded)}"]
    return tuple(features)


def features_of(
    text: str,
    category: str = "",
    known: Mapping[str, str] | None = None,
    learned: Gazetteer | None = None,
    own: Own | None = None,
) -> tuple[list[Token], list[list[str]]]:
    """Tokens of the text and a list of features for each.

    ``known`` are column values by relation (a brand that is known is looked for); ``learned`` is the gazetteer of
    values seen in training, ``own`` the values this very text taught it.
    """
    tokens = tokenize(text)
    folded = stems(token.text for token in tokens)
    rows = [list(_alone(token.text, word)) for token, word in zip(tokens, folded, strict=True)]
    _mark(rows, lexicon_gazetteer().match(folded), "lex")
    if learned is not None:
        _mark(rows, learned.match(folded, own), "gaz")
    if known:
        _mark(rows, _known(known, folded), "known")
    _add_context(rows, tokens, folded)
    _add_position(rows, tokens)
    if has_cjk(text):
        _add_segments(rows, tokens, segments(text))
    if category:
        for row, word in zip(rows, folded, strict=True):
            row += (f"c={category}", f"c={category}|w={word}")
    return tokens, rows


def _mark(rows: list[list[str]], matches: Sequence[tuple[int, int, str]], prefix: str) -> None:
    for first, stop, label in matches:
        for at in range(first, stop):
            place = ("U" if stop - first == 1 else "B") if at == first else "E" if at == stop - 1 else "I"
            rows[at].append(f"{prefix}={place}-{label}")
        if first > 0:
            rows[first - 1].append(f"{prefix}>{label}")
        if stop < len(rows):
            rows[stop].append(f"{prefix}<{label}")


def _known(known: Mapping[str, str], folded: list[str]) -> list[tuple[int, int, str]]:
    values = Gazetteer()
    for relation, value in known.items():
        values.add(relation, value)
    return values.match(folded)


def _add_context(rows: list[list[str]], tokens: list[Token], folded: list[str]) -> None:
    words = ["<<", "<", *folded, ">", ">>"]
    shapes = ["<", "<", *(shape(token.text) for token in tokens), ">", ">"]
    kinds = [_kind(word) for word in words]
    for at, row in enumerate(rows):
        at2, at1, here, to1, to2 = words[at : at + 5]
        row += (
            f"-1={at1}", f"+1={to1}", f"-2={at2}", f"+2={to2}",
            f"-1,0={at1}|{here}", f"0,+1={here}|{to1}", f"-2,-1={at2}|{at1}", f"+1,+2={to1}|{to2}",
            f"s-1={shapes[at + 1]}", f"s+1={shapes[at + 3]}",
            f"s-1,0,+1={shapes[at + 1]}|{shapes[at + 2]}|{shapes[at + 3]}",
            f"k={kinds[at]}{kinds[at + 1]}{kinds[at + 2]}{kinds[at + 3]}{kinds[at + 4]}",
        )  # fmt: skip
        if has_cjk(here):
            row.append(f"-1,0,+1={at1}{here}{to1}")


@lru_cache(maxsize=65_536)
def _kind(word: str) -> str:
    """N number, U unit, C count word, . punctuation, o other: the pattern of a quantity in five letters."""
    if quantity.parse_number(word) is not None:
        return "N"
    if word in quantity.units():
        return "U"
    if word in quantity.count_words():
        return "C"
    return "o" if word[:1].isalnum() else "."


def _add_segments(rows: list[list[str]], tokens: list[Token], words: Sequence[Segment]) -> None:
    """What the word around a character is, its part of speech, and where in it the character stands."""
    at = 0
    places: list[tuple[str, int]] = []
    for token in tokens:
        while at < len(words) - 1 and words[at].end <= token.start:
            at += 1
        places.append((_place_in(token, words[at]), at))
    for number, (row, (place, at)) in enumerate(zip(rows, places, strict=True)):
        word, before, behind = words[at], _neighbour(words, at - 1), _neighbour(words, at + 1)
        row += (
            f"sg={place}", f"sf={place}{word.kind}", f"sw={place}{word.text}", f"sp={place}{before.text}",
            f"sn={place}{behind.text}", f"spf={place}{before.kind}|{word.kind}",
            f"snf={place}{word.kind}|{behind.kind}", f"spfn={place}{before.kind}|{word.kind}|{behind.kind}",
            f"sl={place}{min(len(word.text), 4)}", f"swp={place}{before.text}|{word.text}",
            f"swn={place}{word.text}|{behind.text}",
        )  # fmt: skip
        if number:
            row.append(f"sgb={places[number - 1][0]}{place}")
        if number + 1 < len(places):
            row.append(f"sga={place}{places[number + 1][0]}")


def _place_in(token: Token, word: Segment) -> str:
    """S for the whole word, B, M and E for its beginning, middle and end."""
    first, last = token.start <= word.start, token.end >= word.end
    return "S" if first and last else "B" if first else "E" if last else "M"


def _neighbour(words: Sequence[Segment], at: int) -> Segment:
    return words[at] if 0 <= at < len(words) else _NOWHERE


def _add_position(rows: list[list[str]], tokens: list[Token]) -> None:
    glued = [b.start == a.end for a, b in pairwise(tokens)]
    for at, row in enumerate(rows):
        if at < 3:
            row.append(f"at={at}")
        if at == len(rows) - 1:
            row.append("last")
        if at and glued[at - 1]:
            row.append("glued-")
        if at < len(glued) and glued[at]:
            row.append("glued+")
    segment = 0
    for row, token in zip(rows, tokens, strict=True):
        segment = 0 if token.text in ",.;:|/-–()，。；：、" else segment + 1
        row.append(f"seg={min(segment, 6)}")
