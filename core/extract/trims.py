"""Values that are part of a word: what people label as "Print" where the text says "Printed".

Spans begin and end with words, so a span is read as a whole word and then trimmed as the labels have trimmed the same
words of the same attribute. Where they have not, the words stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from core.extract.ground import Span, find
from core.extract.tokens import fold, tokenize

Key = tuple[str, str]


@dataclass(frozen=True)
class Trims:
    """``cuts[relation, folded words]`` is how many characters the labels cut off, before and behind, most often."""

    cuts: Mapping[Key, tuple[int, int]] = field(default_factory=dict)

    def apply(self, text: str, span: Span) -> Span:
        """The span as the labels would have it; never empty, always within the span given."""
        words = text[span.start : span.end]
        before, behind = self.cuts.get((span.relation, fold(words)), (0, 0))
        if before + behind >= len(words):
            return span
        return Span(span.start + before, span.end - behind, span.relation, span.confidence)


def learn(texts: Iterable[tuple[str, Mapping[str, Sequence[str]]]]) -> Trims:
    """Learn from texts and their gold values by relation; a cut stands where it is more frequent than none."""
    seen: dict[Key, Counter[tuple[int, int]]] = {}
    for text, values in texts:
        for relation, surfaces in values.items():
            for surface in surfaces:
                for start, end, before, behind in _places(text, surface):
                    key = (relation, fold(text[start:end]))
                    seen.setdefault(key, Counter())[before, behind] += 1
    chosen = {key: max(sorted(cuts), key=lambda cut: cuts[cut]) for key, cuts in seen.items()}
    return Trims({key: cut for key, cut in chosen.items() if cut != (0, 0)})


def covering(text: str, value: str) -> tuple[int, int] | None:
    """The words around the first place where the value stands inside a word; None where it does not stand at all."""
    places = _places(text, value)
    return places[0][:2] if places else None


def _places(text: str, value: str) -> list[tuple[int, int, int, int]]:
    """``(start, end, cut before, cut behind)``: whole words where there are any, else the words around it."""
    whole = find(text, value)
    if whole or not value or value != value.strip():
        return [(start, end, 0, 0) for start, end in whole]
    at = text.find(value)
    if at < 0:
        return []
    inside = [token for token in tokenize(text) if token.start < at + len(value) and at < token.end]
    if not inside:
        return []
    start, end = inside[0].start, inside[-1].end
    return [(start, end, at - start, end - at - len(value))]
