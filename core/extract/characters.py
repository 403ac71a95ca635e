"""What a text in a script without spaces shows of each character: the words of the dictionary and the phrases of the
training texts that begin, go on and end there, how freely the stretches around it stand, the lexicon, the column
values, and the category."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

from core.extract.chinese_words import (
    LONGEST,
    STRETCHES,
    Known,
    WordLore,
    dictionary,
    dictionary_words,
    level,
    stretches,
)
from core.extract.lexicon import Gazetteer, lexicon_gazetteer, stems
from core.extract.tokens import has_cjk, tokenize

Rows = list[list[str]]
Match = tuple[int, int, str]
"""First character, last + 1, label."""

_RATES = (0.2, 0.4, 0.6, 0.8, 0.95)
_COUNTS = (2, 4, 10)


def without_spaces(text: str) -> bool:
    """Whether most letters of the text are of a script written without spaces."""
    letters = [character for character in text if character.isalpha()]
    return 2 * sum(has_cjk(character) for character in letters) > len(letters)


def features_of(
    text: str, lore: WordLore, category: str = "", known: Mapping[str, str] | None = None
) -> Rows:
    """A list of features for each character; ``known`` are column values by relation, ``category`` is folded."""
    rows: Rows = [[f"kind={kinds}"] for kinds in _kinds(text)]
    lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    _add_words(rows, lowered)
    _add_phrases(rows, _phrases(text, lore))
    _add_freedom(rows, text, lore)
    _mark(rows, _in_tokens(text, lexicon_gazetteer()), "lexicon")
    if known:
        values = Gazetteer()
        for relation, value in known.items():
            values.add(relation, value)
        _mark(rows, _in_tokens(text, values), "known")
    if category:
        for row in rows:
            row.append(f"category={category}")
    return rows


def _kinds(text: str) -> list[str]:
    """The kinds of three characters around each: digit, Latin letter, other letter, white space, sign."""
    kinds = "^" + "".join(map(_kind, text)) + "$"
    return [kinds[at : at + 3] for at in range(len(text))]


def _kind(character: str) -> str:
    if character.isdigit():
        return "0"
    if character.isalpha():
        return "a" if character.isascii() else "c"
    return " " if character.isspace() else "."


def _add_words(rows: Rows, text: str) -> None:
    """The longest word of the dictionary that begins, goes on, and ends at each character."""
    words = dictionary()
    found = [(first, stop, words[text[first:stop]][:1]) for first, stop in dictionary_words(text)]
    begin, middle, end = _longest(found, len(rows), lambda width, kind: f"{min(width, 5)}{kind}")
    for at, row in enumerate(rows):
        row.append(f"word={begin[at][:1]}{middle[at][:1]}{end[at][:1]}")
    _add_around(rows, "word", begin, middle, end)


def _phrases(text: str, lore: WordLore) -> list[tuple[int, int, Known]]:
    return [
        (first, stop, lore.phrases[text[first:stop]])
        for first, stop in stretches(text, 1, LONGEST)
        if text[first:stop] in lore.phrases
    ]


def _add_phrases(rows: Rows, found: list[tuple[int, int, Known]]) -> None:
    """The longest labelled phrase that begins, goes on, and ends at each character, with how often it is a value and
    how often it was seen; and where a cover of the text by likely values has its parts."""
    told = [(first, stop, f"{known.relation}{level(known.rate, _RATES)}") for first, stop, known in found]
    begin, middle, end = _longest(told, len(rows), lambda width, tag: f"{min(width, 4)}{tag}")
    _add_around(rows, "phrase", begin, middle, end)
    often = [(first, stop, f"{level(known.count, _COUNTS)}{known.relation}") for first, stop, known in found]
    begin, _, end = _longest(often, len(rows), lambda width, tag: tag)
    cover = ["-", *_cover(found, len(rows)), "-"]
    for at, row in enumerate(rows):
        row += (f"often>{begin[at]}", f"often<{end[at]}")
        row += (f"cover-={cover[at]}", f"cover={cover[at + 1]}", f"cover+={cover[at + 2]}")


def _cover(found: list[tuple[int, int, Known]], length: int) -> list[str]:
    """The place of each character in a cover by phrases that do not overlap: those that are mostly values come first,
    by their length, then others by how often they are one."""
    cover = ["-"] * length

    def rank(match: tuple[int, int, Known]) -> tuple[bool, int, float, int]:
        first, stop, known = match
        likely = known.rate >= _RATES[1]
        return not likely, first - stop if likely else 0, -known.rate, first

    for first, stop, known in sorted(found, key=rank):
        if known.rate >= _RATES[0] and all(mark == "-" for mark in cover[first:stop]):
            for at in range(first, stop):
                cover[at] = f"{_place(at, first, stop)}{known.relation}{level(known.rate, _RATES)}"
    return cover


def _add_freedom(rows: Rows, text: str, lore: WordLore) -> None:
    """How freely the stretches stand that begin at, end at, precede and follow each character."""
    for first, stop in stretches(text, STRETCHES[0], STRETCHES[-1]):
        free = f"{stop - first}{lore.freedom.get(text[first:stop], 0)}"
        rows[first].append(f"free>{free}")
        rows[stop - 1].append(f"free<{free}")
        if first:
            rows[first - 1].append(f"free>>{free}")
        if stop < len(rows):
            rows[stop].append(f"free<<{free}")
        if stop - first == 3:
            rows[first + 1].append(f"free={free}")


def _longest(
    matches: Iterable[Match], length: int, name: Callable[[int, str], str]
) -> tuple[list[str], list[str], list[str]]:
    """For each character the name of the longest match that begins, goes on, and ends there; "-" for none."""
    made = (["-"] * length, ["-"] * length, ["-"] * length)
    for first, stop, label in sorted(matches, key=lambda match: match[1] - match[0]):
        named = name(stop - first, label)
        made[0][first] = made[2][stop - 1] = named
        made[1][first + 1 : stop - 1] = [named] * max(0, stop - first - 2)
    return made


def _add_around(rows: Rows, name: str, begin: list[str], middle: list[str], end: list[str]) -> None:
    for at, row in enumerate(rows):
        row += (f"{name}>{begin[at]}", f"{name}={middle[at]}", f"{name}<{end[at]}")
    for (before, row), (at, following) in pairwise(enumerate(rows)):
        row.append(f"{name}>>{begin[at]}")
        following.append(f"{name}<<{end[before]}")


def _in_tokens(text: str, phrases: Gazetteer) -> list[Match]:
    tokens = tokenize(text)
    return [
        (tokens[first].start, tokens[stop - 1].end, label)
        for first, stop, label in phrases.match(stems(token.text for token in tokens))
    ]


def _mark(rows: Rows, matches: Iterable[Match], name: str) -> None:
    for first, stop, label in matches:
        for at in range(first, stop):
            rows[at].append(f"{name}={_place(at, first, stop)}{label}")


def _place(at: int, first: int, stop: int) -> str:
    """S for all of a stretch of one, B, M and E for the beginning, middle and end of a longer one."""
    if stop - first == 1:
        return "S"
    return "B" if at == first else "E" if at == stop - 1 else "M"
