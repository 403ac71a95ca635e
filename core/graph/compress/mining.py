"""Sets of values that go together: frequent itemsets, chosen by how many facts each saves (after Krimp, Vreeken et al.,
2011: a set is worth what it shortens)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations

Feature = tuple[str, str]
"""A relation and a node."""
MOST_BUNDLES = 1_000
MOST_PAIRS = 10_000
"""Pairs that a set may begin with, the most frequent ones."""
MOST_LOOKED_AT = 500
"""Subjects of a set that are asked what else they have; how many really have it is then counted."""
MOST_TRIED = 10
"""Features that a set is tried to grow by in a round, the most frequent first."""
_MOST_FEATURES = 60
"""Of a product with more features the most frequent ones are paired: pairs grow with the square."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Features that go together, ascending, and the subjects that have all of them."""

    features: tuple[Feature, ...]
    subjects: tuple[str, ...]

    @property
    def saved(self) -> int:
        """Facts that a node in the place of the set saves."""
        return saved(len(self.subjects), len(self.features))


def saved(subjects: int, features: int) -> int:
    """Of ``subjects · features`` facts, ``subjects + features`` are left."""
    return subjects * features - subjects - features


def bundles(having: Mapping[str, Collection[Feature]], least: int) -> list[Bundle]:
    """Sets that no subject's features are in twice, those that save most first; each saves at least one fact.

    Greedy: the pair that saves most grows by the feature that makes it save more, until none does; then its facts are
    taken and the next pair is looked for among the pairs counted at the start.
    """
    left = {subject: set(features) for subject, features in having.items()}
    at: dict[Feature, set[str]] = defaultdict(set)
    for subject, features in left.items():
        for feature in features:
            at[feature].add(subject)
    pairs = _pairs(left, at, least)
    found: list[Bundle] = []
    for _, one, other in pairs:
        if len(found) == MOST_BUNDLES:
            break
        subjects = at[one] & at[other]
        if len(subjects) < least:
            continue
        features = {one, other}
        grown = True
        while grown:
            grown = False
            looked_at = sorted(subjects)[:MOST_LOOKED_AT]
            near = Counter(f for subject in looked_at for f in left[subject] if f not in features)
            now = saved(len(subjects), len(features))
            for feature, _ in sorted(near.items(), key=lambda item: (-item[1], item[0]))[:MOST_TRIED]:
                both = subjects & at[feature]
                if len(both) >= least and saved(len(both), len(features) + 1) > now:
                    features.add(feature)
                    subjects = both
                    grown = True
                    break
        if saved(len(subjects), len(features)) < 1:
            continue
        found.append(Bundle(tuple(sorted(features)), tuple(sorted(subjects))))
        for subject in subjects:
            left[subject] -= features
        for feature in features:
            at[feature] = at[feature] - subjects
    return sorted(found, key=lambda bundle: (-bundle.saved, bundle.features))


def _pairs(
    left: Mapping[str, set[Feature]], at: Mapping[Feature, set[str]], least: int
) -> list[tuple[int, Feature, Feature]]:
    counts: Counter[tuple[Feature, Feature]] = Counter()
    for features in left.values():
        often = sorted((f for f in features if len(at[f]) >= least), key=lambda f: (-len(at[f]), f))
        counts.update(combinations(sorted(often[:_MOST_FEATURES]), 2))
    often_together = sorted((-count, *pair) for pair, count in counts.items() if count >= least)
    return often_together[:MOST_PAIRS]
