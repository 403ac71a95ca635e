"""Reading by what shops are known to write: the patterns of ``assets/models/shelf_words.yaml``, looked for in a text.

An attribute that is asked is first found in that vocabulary, by its name, by the end of its name, or by the nearness
of its wording; then every pattern of its values is looked for. It needs no training and knows nothing of a shop, so
it says what may be meant, and others weigh it: a number with a unit can be a width as well as a height.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from core.extract.ground import Span
from core.extract.query import Query
from core.extract.shelf_words import Attribute, Shelf, shelf
from core.extract.tokens import fold
from core.llm.sentences import SentenceEncoder

_KEEP = 3
_NEAR = 0.62
_VAGUE = frozenset({"type", "name", "item", "kind", "number", "form", "content", "quality"})
_PARENTHESES = re.compile(r"\s*\([^)]*\)")
_PIECE = re.compile(r"\$([a-z_]+)|<([^<>]*)>|([~^])|(\s+|-)|([^$<~^\s-]+)")
_SIGNS = " :#=.-–,()[]"
_BEFORE, _AFTER = " :#=([", " )-"
_REACH = 40
_CODE_LENGTH = 5
_RANGE = re.compile(r"[\d,]+-[\d,]+")
_DIGITS = re.compile(r"(?<![A-Za-z])(\d+)")
_NUMBER = r"\d+(?:[.,]\d+)*"
_GAP = r"[\s\-–]*"
_CODE = r"(?-i:(?=[A-Z0-9/.-]*\d)(?=[A-Z0-9/.-]*[A-Z-])[A-Z0-9]{2}[A-Z0-9/.-]{2,}[A-Z0-9])"
_LETTERS = re.compile(r"[^\W\d_]{2}|\d[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Cues:
    """Words before or after a value that say which attribute it is; folded."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    @staticmethod
    def of(attribute: Attribute) -> Cues:
        """The attribute's names, and what stands around the value in the forms that shops use."""
        forms = [form.partition("_") for form in attribute.shown]
        heads = {fold(head).strip(_SIGNS) for head, _, _ in forms} | {fold(name) for name in attribute.names}
        tails = {fold(tail).strip(_SIGNS) for _, _, tail in forms}
        # "for" and "in" stand before anything.
        return Cues(tuple(heads - {"", "for", "in", "with", "by"}), tuple(tails - {""}))

    def beside(self, text: str, start: int, end: int) -> bool:
        """Whether one of them stands directly before or after the place."""
        before = fold(text[max(0, start - _REACH) : start]).rstrip(_BEFORE)
        after = fold(text[end : end + _REACH]).lstrip(_AFTER)
        return any(
            before.endswith(cue) and not before.removesuffix(cue)[-1:].isalnum() for cue in self.before
        ) or any(after.startswith(cue) and not after[len(cue) :][:1].isalnum() for cue in self.after)


@dataclass(frozen=True, slots=True)
class Match:
    """A place where a pattern of an asked attribute stands; ``labelled`` where words beside it name the attribute."""

    span: Span
    labelled: bool


class ShelfReader:
    """Looks for known patterns; ``read`` gives at most three places an attribute, labelled ones first."""

    def __init__(self, words: Shelf | None = None) -> None:
        self._words = words or shelf()
        self._encoder = SentenceEncoder()

    def read(self, query: Query) -> list[Match]:
        """The places of each asked attribute that the vocabulary knows."""
        found: list[Match] = []
        for relation, wording in query.asked.items():
            name, _, told = wording.partition(": ")
            places: dict[tuple[int, int], bool] = {}
            for key in self.meaning(name, told):
                for start, end, labelled in self._places(key, query.text):
                    places[start, end] = places.get((start, end), False) or labelled
            longest = _longest(places)
            ranked = sorted(longest, key=lambda place: (not places[place], place))[:_KEEP]
            found += [Match(Span(*place, relation), places[place]) for place in sorted(ranked)]
        return found

    @lru_cache(maxsize=4_096)  # noqa: B019 - there is one reader a process
    def meaning(self, name: str, told: str = "") -> tuple[str, ...]:
        """The vocabulary's attributes that an asked one may be; () where it knows none."""
        plain = fold(_PARENTHESES.sub("", name))
        words = plain.split()
        for first in range(len(words)):
            end = " ".join(words[first:])
            if end in _VAGUE:
                break
            keys = self._words.meanings.get(end) or self._words.meanings.get(end.removesuffix("s"))
            if keys:
                return tuple(sorted(keys))
        return self._nearest(f"{plain}: {told}" if told else plain)

    def _nearest(self, wording: str) -> tuple[str, ...]:
        vector = self._encoder.encode([wording])[0]
        keys, vectors = self._wordings
        scores = vectors @ vector
        best = int(scores.argmax())
        return (keys[best],) if scores[best] >= _NEAR else ()

    @cached_property
    def _wordings(self) -> tuple[list[str], NDArray[np.float32]]:
        attributes = self._words.attributes.values()
        rows = [(one.key, f"{name}: {one.told[0]}") for one in attributes for name in one.names[:2]]
        return [key for key, _ in rows], self._encoder.encode([text for _, text in rows])

    def _places(self, key: str, text: str) -> Iterator[tuple[int, int, bool]]:
        matcher, cues = self._known(key)
        for match in matcher.finditer(text) if matcher else ():
            start, end = match.span()
            labelled = cues.beside(text, start, end)
            if labelled or _LETTERS.search(match[0]) or _is_code(match[0]):
                yield start, end, labelled

    @lru_cache(maxsize=1_024)  # noqa: B019
    def _known(self, key: str) -> tuple[re.Pattern[str] | None, Cues]:
        attribute = self._words.attributes[key]
        values = self._values(attribute)
        return _compiled(values) if values else None, Cues.of(attribute)

    def _values(self, attribute: Attribute) -> list[str]:
        patterns = dict.fromkeys(attribute.values)
        for kind in self._words.types:
            patterns |= dict.fromkeys(kind.values.get(attribute.key, ()))
        if any(part in pattern for pattern in patterns for part in ("$maker", "$spirit", "$syl", "$word")):
            return []  # made-up names are nowhere else
        return list(dict.fromkeys(self._expression(pattern) for pattern in patterns))

    def _expression(self, pattern: str) -> str:
        if pattern == "$code":
            return _CODE
        return "".join(self._piece(*match.groups()) for match in _PIECE.finditer(pattern))

    def _piece(self, name: str, choice: str, sign: str, gap: str, words: str) -> str:
        if name:
            return _either(self._expression(entry) for entry in self._words.lists[name])
        if choice:
            parts = choice.split("|")
            return _either(_words(part) for part in parts)
        if sign:
            return r"\d" if sign == "~" else "(?-i:[A-Z])"
        return _GAP if gap else _words(words)


@cache
def default_shelf_reader() -> ShelfReader:
    """The reader of the project's own vocabulary."""
    return ShelfReader()


def _words(text: str) -> str:
    """Words as they stand; a number among them may be any other."""
    if _RANGE.fullmatch(text):
        return _NUMBER
    return "".join(_NUMBER if part.isdigit() else re.escape(part) for part in _DIGITS.split(text))


def _either(parts: Iterable[str]) -> str:
    # The longest first, as the first that fits is taken.
    ordered = sorted(dict.fromkeys(parts), key=lambda part: (-len(part), part))
    return f"(?:{'|'.join(ordered)})"


def _compiled(values: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){_either(values)}(?!\w)", re.IGNORECASE)


def _is_code(text: str) -> bool:
    return len(text) >= _CODE_LENGTH and any(c.isdigit() for c in text)


def _longest(places: Mapping[tuple[int, int], bool]) -> list[tuple[int, int]]:
    """The places that lie in no other."""
    return [
        (start, end)
        for start, end in places
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in places)
    ]
