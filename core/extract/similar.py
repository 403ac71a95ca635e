"""The labelled texts most like a given one: cosine over character trigrams and words, weighted by rarity (TF-IDF)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from core.extract.example import Example
from core.extract.tokens import chunks, fold, has_cjk


class Similar:
    """An index over examples; long ones are cut into chunks of at most ``limit`` characters."""

    def __init__(self, examples: Sequence[Example], limit: int = 220) -> None:
        self.examples = [part for example in examples for part in cut(example, limit)]
        counts = [Counter(_terms(example.text)) for example in self.examples]
        seen = Counter(term for count in counts for term in count)
        self._known = Counter(fold(example.category) for example in examples)
        self._rarity = {term: math.log(1 + len(counts) / number) for term, number in seen.items()}
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for at, count in enumerate(counts):
            for term, weight in self._weights(count).items():
                self._postings.setdefault(term, []).append((at, weight))

    def known(self, category: str) -> int:
        """How many examples there are of a category."""
        return self._known[fold(category)]

    def nearest(self, text: str, count: int, category: str = "") -> list[Example]:
        """At most ``count`` examples, the most similar last (nearest to the question in a prompt); those of the
        same category first of all. The text itself is never among them."""
        scores: dict[int, float] = {}
        for term, weight in self._weights(Counter(_terms(text))).items():
            for at, other in self._postings.get(term, ()):
                scores[at] = scores.get(at, 0.0) + weight * other
        wanted = fold(category)
        ranked = sorted(
            scores,
            key=lambda at: (bool(wanted) and fold(self.examples[at].category) != wanted, -scores[at], at),
        )
        chosen = [self.examples[at] for at in ranked if self.examples[at].text not in text][:count]
        return chosen[::-1]

    def _weights(self, count: Counter[str]) -> dict[str, float]:
        raw = {t: (1 + math.log(n)) * self._rarity.get(t, 0.0) for t, n in count.items()}
        norm = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {term: weight / norm for term, weight in raw.items() if weight}


def cut(example: Example, limit: int) -> list[Example]:
    """An example as chunks of whole sentences, spans moved along; spans that a cut divides are left out."""
    parts = []
    for chunk in chunks(example.text, limit):
        spans = tuple(
            type(span)(span.start - chunk.start, span.end - chunk.start, span.relation, span.confidence)
            for span in example.spans
            if chunk.start <= span.start and span.end <= chunk.end
        )
        parts.append(Example(chunk.text, spans, example.category, example.kind, example.known))
    return parts


def _terms(text: str) -> list[str]:
    folded = fold(text)
    width = 2 if has_cjk(folded) else 3
    grams = [folded[at : at + width] for at in range(len(folded) - width + 1)]
    return grams + [f"_{word}_" for word in folded.split()]
