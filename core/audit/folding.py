"""Views of a text in which disguised words look like themselves, each with the way back to the exact quote.

A word is disguised by look-alike letters of other scripts, digits for letters, marks nobody sees, or letters set
apart. Each view undoes some of it and remembers for each of its characters where in the text it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 20_000
"""Characters of a text that are looked at; what a seller writes behind them is found by its length."""

_PAIRS = (
    "аa вb сc ԁd еe һh нh іi јj кk ӏl мm оo пn рp ѕs тt цu ѵv ԝw хx уy гr зz "  # Cyrillic
    "αa βb γy δd εe ηn ιi κk νv οo ρp σs τt υu χx ωw "  # Greek
    "ɑa ɡg ıi ɩi łl øo đd ħh օo սu ոn ⅼl ꞵb ʋu"  # Latin beyond ASCII, Armenian, numerals
)
_LOOKALIKES = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"})
_UNSEEN = frozenset({"Mn", "Me", "Cf", "Cc"})
_TOKEN = re.compile(r"[\w@$]+")
_HAN = "\u3400-\u9fff\uf900-\ufaff"
_APART = re.compile(r"(?<![^\W_])(?:[^\W\d_](?:[ .\-_*·|/~+]{1,3})){2,}[^\W\d_](?![^\W_])")
_HAN_APART = re.compile(rf"(?<=[{_HAN}])[\s.\-_*·|/~+,，、。！!&#]+(?=[{_HAN}])")


@dataclass(frozen=True, slots=True)
class View:
    """A folded text. ``at[k]`` is the place in the original of character ``k``; ``apart`` says that letters set apart
    were joined, so that a word may have others stuck to it."""

    text: str
    at: tuple[int, ...]
    apart: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """(start, end) in the original of ``text[start:end]``; marks inside belong to it."""
        return self.at[start], self.at[end - 1] + 1


def views(text: str) -> Iterator[View]:
    """The folded text, the same with digits read as letters, and its letters set apart joined; those that differ."""
    plain = folded(text)
    yield plain
    letters = View(_TOKEN.sub(lambda found: _as_letters(found[0]), plain.text), plain.at)
    if letters.text != plain.text:
        yield letters
    for source in (plain, letters) if letters.text != plain.text else (plain,):
        yield from _joined(source)


def folded(text: str) -> View:
    """Compatibility forms resolved, case folded, accents and invisible marks gone, look-alikes as Latin letters."""
    letters: list[str] = []
    at: list[int] = []
    for place, letter in enumerate(text[:LONGEST]):
        for part in _folded(letter):
            letters.append(part)
            at.append(place)
    return View("".join(letters), tuple(at))


@lru_cache(maxsize=16_384)
def _folded(letter: str) -> str:
    parts = unicodedata.normalize("NFKD", letter).casefold().translate(_LOOKALIKES)
    return "".join(one for one in parts if one in "\n\t" or unicodedata.category(one) not in _UNSEEN)


def _as_letters(token: str) -> str:
    return token.translate(_LEET) if any(one.isalpha() for one in token) else token


def _joined(view: View) -> Iterator[View]:
    """Each run of letters set apart as a view of its own; and Chinese without what stands between its characters."""
    for found in _APART.finditer(view.text):
        places = [k for k in range(*found.span()) if view.text[k].isalpha()]
        yield View("".join(view.text[k] for k in places), tuple(view.at[k] for k in places), apart=True)
    gone = {k for found in _HAN_APART.finditer(view.text) for k in range(*found.span())}
    if gone:
        kept = [k for k in range(len(view.text)) if k not in gone]
        yield View("".join(view.text[k] for k in kept), tuple(view.at[k] for k in kept))
