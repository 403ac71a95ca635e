"""What labelled texts teach of stretches of characters: which are values and how often, and which stand freely.

A stretch that many different characters precede and follow is likely to be a word (accessor variety: Feng et al.,
2004). A text that is learned from is looked at without what it taught itself, so that it looks as a new one would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from core.extract.ground import Span

LONGEST = 12
_LONGEST_WORD = 8
STRETCHES = (2, 3, 4)
_STEPS = (1, 2, 4, 8, 16)

Labelled = tuple[str, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Known:
    """A phrase seen in training: its commonest relation, how often it was labelled, and how often it was of all the
    times it stood in a text, in [0, 1]."""

    relation: str
    count: int
    rate: float


@dataclass(frozen=True)
class WordLore:
    """``phrases`` are those labelled in training; ``freedom`` is 1 to 5 for a stretch of two to four characters that
    at least 1, 2, 4, 8 or 16 different ones precede, and as many follow."""

    phrases: Mapping[str, Known] = field(default_factory=dict)
    freedom: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For ``from_json``."""
        phrases = {phrase: [k.relation, k.count, k.rate] for phrase, k in self.phrases.items()}
        return {"phrases": phrases, "freedom": dict(self.freedom)}

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> WordLore:
        """The lore whose ``to_json`` this is."""
        return WordLore({phrase: Known(*known) for phrase, known in raw["phrases"].items()}, raw["freedom"])


class Counts:
    """The counts that lore comes from."""

    def __init__(self, texts: Sequence[Labelled]) -> None:
        self._labelled: dict[str, Counter[str]] = {}
        for text, spans in texts:
            for phrase, relation in _values(text, spans):
                self._labelled.setdefault(phrase, Counter())[relation] += 1
        self._standing = Counter(part for text, _ in texts for part in _parts(text) if part in self._labelled)
        self._beside = _sides(text for text, _ in texts)

    def lore(self) -> WordLore:
        """All that the texts teach."""
        return self._lore(self._labelled, self._beside, Counter(), Counter(), {})

    def lore_without(self, text: str, spans: Sequence[Span]) -> WordLore:
        """What the other texts teach of the stretches of this one."""
        parts = Counter(_parts(text))
        own = _sides([text])
        return self._lore(
            [part for part in parts if part in self._labelled], own, Counter(_values(text, spans)), parts, own
        )

    def _lore(
        self,
        phrases: Iterable[str],
        stretches: Iterable[str],
        labelled: Mapping[tuple[str, str], int],
        standing: Mapping[str, int],
        beside: Mapping[str, Sides],
    ) -> WordLore:
        """Of these phrases and stretches, without the counts given."""
        known = {phrase: self._known(phrase, labelled, standing.get(phrase, 0)) for phrase in phrases}
        freedom = {
            stretch: _freedom(self._beside[stretch], beside.get(stretch, _NO_SIDES)) for stretch in stretches
        }
        return WordLore(
            {phrase: found for phrase, found in known.items() if found},
            {stretch: free for stretch, free in freedom.items() if free},
        )

    def _known(self, phrase: str, labelled: Mapping[tuple[str, str], int], standing: int) -> Known | None:
        counts = {
            relation: count - labelled.get((phrase, relation), 0)
            for relation, count in self._labelled[phrase].items()
        }
        count = sum(counts.values())
        if not count:
            return None
        best = max(counts, key=lambda relation: (counts[relation], relation))
        return Known(best, count, count / max(self._standing[phrase] - standing, count))


Sides = tuple[Counter[str], Counter[str]]
_NO_SIDES: Sides = (Counter(), Counter())


@cache
def dictionary() -> Mapping[str, str]:
    """jieba's words of two to eight characters and their parts of speech."""
    import jieba

    lines = jieba.get_module_res("dict.txt").read().decode("utf-8").splitlines()
    entries = (line.split(" ") for line in lines)
    return {entry[0]: entry[-1] for entry in entries if 1 < len(entry[0]) <= _LONGEST_WORD}


def dictionary_words(text: str) -> list[tuple[int, int]]:
    """Where the dictionary's words stand in a text: first character, last + 1."""
    words = dictionary()
    return [(first, stop) for first, stop in stretches(text, 2, _LONGEST_WORD) if text[first:stop] in words]


def stretches(text: str, shortest: int, longest: int) -> Iterator[tuple[int, int]]:
    """All stretches of so many characters: first character, last + 1."""
    return (
        (first, stop)
        for first in range(len(text))
        for stop in range(first + shortest, min(len(text), first + longest) + 1)
    )


def level(value: float, steps: Sequence[float]) -> int:
    """How many of the steps a value reaches."""
    return sum(value >= step for step in steps)


def _values(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, str]]:
    return ((text[span.start : span.end], span.relation) for span in spans)


def _parts(text: str) -> Iterator[str]:
    return (text[first:stop] for first, stop in stretches(text, 1, LONGEST))


def _sides(texts: Iterable[str]) -> dict[str, Sides]:
    """Which characters stand before and after each stretch, and how often."""
    made: dict[str, Sides] = {}
    for text in texts:
        for width in STRETCHES:
            for at in range(len(text) - width + 1):
                end = at + width
                before, after = made.setdefault(text[at:end], (Counter(), Counter()))
                before[text[at - 1] if at else "^"] += 1
                after[text[end] if end < len(text) else "$"] += 1
    return made


def _freedom(sides: Sides, own: Sides) -> int:
    variety = min(
        sum(count > mine[character] for character, count in side.items())
        for side, mine in zip(sides, own, strict=True)
    )
    return level(variety, _STEPS)
