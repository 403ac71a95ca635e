"""Values that answer two attributes: where labels nearly always give a value to both, what is found for one is given
to the other.

A guitar's "Mahogany" is the material of its body and of its back, but a tagger gives a word one label only, and so the
second attribute would be missed. How often a value of one attribute is also one of another is counted by value and
drawn towards the share of all values, and that towards none, as if ``_PRIOR`` more had been seen: one coincidence is
no rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.extract.ground import Span

_PRIOR = 2.0
_LEAST = 0.5

Lesson = tuple[str, Mapping[str, Sequence[str]]]
"""A category and the gold values by relation."""


@dataclass(frozen=True)
class Companions:
    """Counts of labelled values: ``own[category, relation, value]``, and ``shared[category, relation, other]`` how many
    of these are values of the other relation of the same text as well, by value."""

    own: Mapping[tuple[str, str], Counter[str]] = field(default_factory=dict)
    shared: Mapping[tuple[str, str, str], Counter[str]] = field(default_factory=dict)

    def share(self, category: str, relation: str, other: str, value: str) -> float:
        """The expected share of texts in which this value of ``relation`` is one of ``other`` too, in [0, 1]."""
        both = self.shared.get((category, relation, other))
        if both is None:
            return 0.0
        own = self.own[category, relation]
        usual = both.total() / (own.total() + _PRIOR)
        return (both[value] + _PRIOR * usual) / (own[value] + _PRIOR)

    def of(self, category: str, text: str, found: Mapping[str, Span]) -> list[Span]:
        """Spans of relations that have no value in ``found``, each at the place of a value of another relation, with
        its confidence times ``share``; only what is at least as likely as not, the likeliest for each relation."""
        made: dict[str, Span] = {}
        for span in found.values():
            for known, relation, other in self.shared:
                if (known, relation) != (category, span.relation) or other in found:
                    continue
                share = self.share(category, relation, other, text[span.start : span.end])
                sure = share * span.confidence
                if sure >= max(_LEAST, made[other].confidence if other in made else 0.0):
                    made[other] = replace(span, relation=other, confidence=sure)
        return list(made.values())


def learn(lessons: Iterable[Lesson]) -> Companions:
    """Count the values of labelled texts; each once a text and relation."""
    own: dict[tuple[str, str], Counter[str]] = {}
    shared: dict[tuple[str, str, str], Counter[str]] = {}
    for category, values in lessons:
        for relation, surfaces in values.items():
            for value in dict.fromkeys(surfaces):
                own.setdefault((category, relation), Counter())[value] += 1
                for other in (name for name in values if name != relation and value in values[name]):
                    shared.setdefault((category, relation, other), Counter())[value] += 1
    return Companions(own, shared)
