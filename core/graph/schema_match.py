"""Which relations of different sources may be one attribute: proposals for a person to confirm.

Three kinds of evidence, each in [0, 1] (Rahm and Bernstein, A survey of approaches to automatic schema matching, 2001):
the names; the values, by their overlap, or for amounts by unit and distribution; and sentence vectors of a name with
frequent values. Two columns that one source fills for the same products are two attributes, whatever they look like.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import combinations

import numpy
from numpy.typing import NDArray

from core.extract.normalise import normalise
from core.extract.tokens import fold as folded
from core.graph.logic import amount
from core.graph.model import Graph
from core.ontology import RELATIONS, Family, family

Encode = Callable[[Sequence[str]], NDArray[numpy.float32]]

LEAST_SCORE = 0.3
"""Nineteen of twenty proposals above it are right where names say nothing (``python -m bench.fusion``)."""
MOST_PROPOSALS = 60
VALUES_KEPT, VALUES_TOLD = 400, 8
ALIKE_NAMES = 0.8
FILLED_BY_ONE = 0.2
"""Share of the rarer relation's products at which a source that fills both says that they are two."""
WEIGHTS = {"names": 0.8, "values": 0.75, "vectors": 0.5}
_VECTOR_FLOOR = 0.45
"""Cosine of texts that have nothing to do with each other, in all-MiniLM-L6-v2 with short texts, is below this."""
_SAYS_NOTHING = frozenset(("yes", "no"))
_NOT_MATCHED = frozenset((Family.LINK, Family.OPINION))


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a relation: how many facts, of which sources and products, and its values by frequency."""

    relation: str
    facts: int
    sources: frozenset[str]
    values: Mapping[str, int]
    labels: tuple[str, ...]
    products: Mapping[str, frozenset[str]] = field(default_factory=dict)
    figures: tuple[float, ...] = ()
    unit: str = ""

    @property
    def words(self) -> str:
        """The name in words, with frequent values: what is made a vector of."""
        return f"{spelt(self.relation)}: {', '.join(self.labels[:VALUES_TOLD])}"


@dataclass(frozen=True, slots=True)
class Alignable:
    """Two relations that may be one. Claims of ``relation`` would count under ``into``; the parts of the score say why
    (``vectors`` is None where no encoder was at hand); ``common`` are those of the examples that the other has too."""

    relation: str
    into: str
    score: float
    names: float
    values: float
    vectors: float | None
    common: tuple[str, ...]
    examples: tuple[str, ...]
    into_examples: tuple[str, ...]
    facts: int
    into_facts: int


def proposals(graph: Graph, encode: Encode | None = None, limit: int = MOST_PROPOSALS) -> list[Alignable]:
    """The likeliest pairs, the best first; pairs that a person has kept apart are left out.

    Each relation is proposed to be another one at most once: with the best that it may be.
    """
    found = profiles(graph)
    vectors = _vectors(found, encode)
    spread = Counter(value for profile in found for value in profile.values)
    scored = []
    for one, other in combinations(range(len(found)), 2):
        first, second = found[one], found[other]
        pair = tuple(sorted((first.relation, second.relation)))
        if pair in graph.alignments.apart or _two_of_one_source(first, second):
            continue
        cosine = None if vectors is None else float(vectors[one] @ vectors[other])
        made = _compared(first, second, cosine, spread)
        if made.score >= LEAST_SCORE:
            scored.append(made)
    scored.sort(key=lambda p: (-p.score, p.relation, p.into))
    return _one_to_one(scored, {profile.relation: profile.sources for profile in found})[:limit]


def _one_to_one(ranked: Sequence[Alignable], sources: Mapping[str, frozenset[str]]) -> list[Alignable]:
    """The best pairs in which no relation has two partners in one source."""
    taken: set[tuple[str, str]] = set()
    kept: dict[str, Alignable] = {}
    for pair in ranked:
        places = {(pair.relation, source) for source in sources[pair.into]}
        places |= {(pair.into, source) for source in sources[pair.relation]}
        if pair.relation not in kept and not places & taken:
            kept[pair.relation] = pair
            taken |= places
    return list(kept.values())


def profiles(graph: Graph) -> list[Profile]:
    """One for each relation whose values are no products or opinions, in the order of their names."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    sources: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for fact in graph.facts.values():
        if fact.supports and family(fact.relation) not in _NOT_MATCHED and fact.relation != "broader":
            values[fact.relation][fact.object] += 1
            for source in fact.sources or ("",):
                sources[fact.relation][source].add(fact.subject)
    return [_profile(graph, name, values[name], sources[name]) for name in sorted(values)]


def _profile(graph: Graph, relation: str, values: Counter[str], sources: Mapping[str, set[str]]) -> Profile:
    common = values.most_common(VALUES_KEPT)
    keys = Counter({node.partition(":")[2]: count for node, count in common})
    amounts = [(found, count) for key, count in keys.items() if (found := amount(key))]
    units = Counter(unit for (_, unit), _ in amounts)
    unit = units.most_common(1)[0][0] if units else ""
    measured = sum(count for (_, one), count in amounts if one == unit)
    figures: tuple[float, ...] = ()
    if measured >= 0.7 * keys.total():
        figures = tuple(sorted(figure for (all_, one), _ in amounts if one == unit for figure in all_))
    return Profile(
        relation,
        values.total(),
        frozenset(sources),
        keys,
        tuple(graph.label(node) for node, _ in common[:VALUES_TOLD]),
        {source: frozenset(products) for source, products in sources.items()},
        figures,
        unit,
    )


def _two_of_one_source(first: Profile, second: Profile) -> bool:
    """Whether a source means two things by them: it has both under names that are not alike, or fills both for the
    same products."""
    common = first.products.keys() & second.products.keys()
    if common and name_likeness(first.relation, second.relation) < ALIKE_NAMES:
        return True
    for source in common:
        mine, other = first.products[source], second.products[source]
        if len(mine & other) > FILLED_BY_ONE * min(len(mine), len(other)):
            return True
    return False


def _compared(first: Profile, second: Profile, cosine: float | None, spread: Mapping[str, int]) -> Alignable:
    source, target = _direction(first, second)
    names = name_likeness(source.relation, target.relation)
    values = value_likeness(source, target, spread)
    vectors = None if cosine is None else max(0.0, (cosine - _VECTOR_FLOOR) / (1.0 - _VECTOR_FLOOR))
    parts = {"names": names, "values": values, "vectors": vectors or 0.0}
    doubt = math.prod(1.0 - WEIGHTS[part] * likeness for part, likeness in parts.items())
    renamed = _as_values_of(source, target.relation)
    common = [v for v in source.labels if normalise(target.relation, v).key in target.values]
    common += [v for v in target.labels if normalise(target.relation, v).key in renamed]
    return Alignable(
        source.relation,
        target.relation,
        1.0 - doubt,
        names,
        values,
        vectors,
        tuple(dict.fromkeys(common)),
        source.labels,
        target.labels,
        source.facts,
        target.facts,
    )


def _direction(first: Profile, second: Profile) -> tuple[Profile, Profile]:
    """(what is to count as the other, the other): canonical relations stay, then those with more facts."""

    def weight(profile: Profile) -> tuple[bool, int, str]:
        return (profile.relation not in RELATIONS, -profile.facts, profile.relation)

    target, source = sorted((first, second), key=weight)
    return source, target


def name_likeness(one: str, other: str) -> float:
    """In [0, 1]: shared words (Dice), or the longest matching letters where words differ in their endings."""
    first, second = spelt(one), spelt(other)
    mine, yours = set(first.split()), set(second.split())
    shared = 2 * len(mine & yours) / max(len(mine) + len(yours), 1)
    letters = SequenceMatcher(None, first, second, autojunk=False).ratio()
    return max(shared, letters if letters >= 0.75 else 0.0)


def value_likeness(one: Profile, other: Profile, spread: Mapping[str, int]) -> float:
    """In [0, 1]: for amounts of one unit how alike their distributions are (1 - Kolmogorov and Smirnov's statistic),
    else the geometric mean of the shares, by frequency, of each relation's values that the other has too.

    Few common values say less, and so do values that many relations have (``spread`` is their number); "yes" and "no"
    say nothing.
    """
    if one.figures and other.figures:
        return _distribution(one, other) if one.unit == other.unit else 0.0
    mine = _as_values_of(one, other.relation)
    shared = (mine.keys() & other.values.keys()) - _SAYS_NOTHING
    if not shared:
        return 0.0
    telling = sum(min(1.0, 2.0 / max(spread.get(value, 1), 1)) for value in shared)
    shares = (sum(values[v] for v in shared) / sum(values.values()) for values in (mine, other.values))
    return math.sqrt(math.prod(shares)) * (1.0 - math.exp(-telling))


def _as_values_of(profile: Profile, relation: str) -> Mapping[str, int]:
    """The values as they would be normalised under another relation: its synonyms may join what differs now."""
    found: Counter[str] = Counter()
    for value, count in profile.values.items():
        found[normalise(relation, value).key] += count
    return found


def _distribution(one: Profile, other: Profile) -> float:
    """Amounts of one unit; plain numbers say little, so that they count half."""
    mine, yours = numpy.array(one.figures), numpy.array(other.figures)
    every = numpy.union1d(mine, yours)
    steps = (numpy.searchsorted(sorted_, every, side="right") / len(sorted_) for sorted_ in (mine, yours))
    gap = float(numpy.abs(numpy.subtract(*steps)).max())
    few = 1.0 - math.exp(-min(len(mine), len(yours)) / 4.0)
    return (1.0 - gap) * few * (1.0 if one.unit else 0.5)


def _vectors(found: Sequence[Profile], encode: Encode | None) -> NDArray[numpy.float32] | None:
    return encode([profile.words for profile in found]) if encode and found else None


def spelt(relation: str) -> str:
    """A relation's name in words: "netContent" gives "net content"."""
    made = "".join(f" {c.lower()}" if c.isupper() else c for c in relation)
    return folded(made.replace("_", " "))
