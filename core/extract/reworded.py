"""The same labelled text with other questions, so that a reader learns to heed how an attribute is worded.

Part of the attributes gets another name of the same meaning (``assets/models/wordings.yaml``), part of those without a
value is no longer asked, and some are asked that texts of the category certainly never name.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from core.extract.ground import Span
from core.extract.query import Query
from core.extract.tokens import fold
from core.settings import ASSETS

PATH = ASSETS / "models" / "wordings.yaml"

_RENAMED = 0.5
_DROPPED = 0.35
_TOLD = (0.0, 0.0, 0.0, 0.3, 1.0, 1.0)
_ADDED = (0, 0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class Wording:
    """``names`` mean the same, ``told`` are short descriptions; categories in ``absent_from`` never have it."""

    names: tuple[str, ...]
    told: tuple[str, ...]
    absent_from: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wordings:
    """``attributes`` by the name under which they were labelled; ``categories`` are those they are known for."""

    attributes: Mapping[str, Wording]
    foreign: Mapping[str, Wording]
    categories: frozenset[str]

    def names(self, relation: str) -> frozenset[str]:
        """Folded names that mean this attribute, its own among them."""
        known = self.attributes.get(relation)
        return frozenset(map(fold, (relation, *(known.names if known else ()))))


@cache
def wordings(path: Path = PATH) -> Wordings:
    """The wordings of the project, read once."""
    raw = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    attributes = {
        name: Wording(tuple(said["names"]), tuple(said["told"]), frozenset(said["absent_from"]))
        for name, said in raw["attributes"].items()
    }
    categories = frozenset[str]().union(*(wording.absent_from for wording in attributes.values()))
    foreign = {name: Wording((name,), (told,), categories) for name, told in raw["foreign"].items()}
    return Wordings(attributes, foreign, categories)


def reworded(query: Query, drawn: random.Random) -> Query:
    """The query with other wordings. Every span stays, under its attribute's new name; ``asked`` keeps relation and
    name equal. Attributes and categories that are not known stay as they are."""
    known = wordings()
    valued = {span.relation for span in query.spans}
    kept = [name for name in query.asked if name in valued or drawn.random() >= _DROPPED]
    told = drawn.choice(_TOLD)
    named: dict[str, str] = {}
    asked: dict[str, str] = {}
    for relation in kept:
        named[relation] = _name(known, relation, [*query.asked], [*asked], drawn)
        wording = known.attributes.get(relation)
        asked[named[relation]] = _said(query, relation, named[relation], wording, told, drawn)
    for name, wording in _added(known, query, drawn):
        asked[name] = f"{name}: {drawn.choice(wording.told)}" if drawn.random() < told else name
    spans = tuple(
        Span(s.start, s.end, named[s.relation], s.confidence) for s in query.spans if s.relation in named
    )
    order = list(asked.items())
    drawn.shuffle(order)
    return Query(query.text, query.category, dict(order), spans)


def _name(
    known: Wordings, relation: str, asked: Collection[str], used: Collection[str], drawn: random.Random
) -> str:
    """A name that means no other attribute of the query."""
    wording = known.attributes.get(relation)
    if wording is None or drawn.random() >= _RENAMED:
        return relation
    others = frozenset[str]().union(*(known.names(other) for other in asked if other != relation))
    taken = others | set(map(fold, used))
    names = [name for name in wording.names if fold(name) not in taken]
    return drawn.choice(names) if names else relation


def _said(
    query: Query, relation: str, name: str, wording: Wording | None, told: float, drawn: random.Random
) -> str:
    if wording is None:
        return query.asked[relation]
    return f"{name}: {drawn.choice(wording.told)}" if drawn.random() < told else name


def _added(known: Wordings, query: Query, drawn: random.Random) -> list[tuple[str, Wording]]:
    if query.category not in known.categories:
        return []
    taken = frozenset[str]().union(*(known.names(name) for name in query.asked))
    possible = {
        key: wording
        for key, wording in {**known.attributes, **known.foreign}.items()
        if query.category in wording.absent_from and not known.names(key) & taken
    }
    added: list[tuple[str, Wording]] = []
    for key in drawn.sample(sorted(possible), min(len(possible), drawn.choice(_ADDED))):
        if not known.names(key) & taken:
            taken |= known.names(key)
            added.append((drawn.choice([key, *possible[key].names]), possible[key]))
    return added
