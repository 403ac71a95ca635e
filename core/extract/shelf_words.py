"""How shops write (``assets/models/shelf_words.yaml``): product types, their attributes, values drawn from patterns.

In a pattern ``<a|b>`` is one of these, ``<2-12>`` a whole number, ``$list`` an entry of a list, ``~`` a digit and
``^`` a capital letter.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from string import ascii_uppercase, digits
from typing import Any

import yaml

from core.extract.tokens import fold, tokenize
from core.settings import ASSETS

PATH = ASSETS / "models" / "shelf_words.yaml"
PRODUCT_TYPE = "product_type"
LONGEST = 4

_LIST = re.compile(r"\$([a-z_]+)")
_CHOICE = re.compile(r"<([^<>]*)>")
_RANGE = re.compile(r"(\d+)-(\d+)")
_SIGN = re.compile(r"[~^]")
_LETTERS = re.compile(r"[^\W\d]{2}")
_JOINED = re.compile(r"\s*[/&-]\s*|\s+and\s+")


@dataclass(frozen=True)
class Attribute:
    """``names`` mean the same; ``near`` are attributes it is easily taken for; ``_`` stands for the value in ``says``
    (clauses of a sentence) and ``shown`` (forms in a title)."""

    key: str
    names: tuple[str, ...]
    told: tuple[str, ...]
    says: tuple[str, ...]
    shown: tuple[str, ...]
    at: str
    near: frozenset[str]
    keep: bool
    named: bool
    many: bool
    values: tuple[str, ...]

    @property
    def tells_itself(self) -> bool:
        """Whether every form of it in a title says which attribute it is."""
        return all(any(c.isalpha() for c in form) for form in self.shown)


@dataclass(frozen=True)
class ProductType:
    """``values`` are the patterns of each of its attributes."""

    key: str
    categories: tuple[str, ...]
    nouns: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Shelf:
    """All of the file. ``lists`` hold patterns, ``also`` wordings with more than one meaning."""

    lists: Mapping[str, tuple[str, ...]]
    attributes: Mapping[str, Attribute]
    types: tuple[ProductType, ...]
    also: Mapping[str, tuple[str, ...]]

    @cached_property
    def meanings(self) -> Mapping[str, frozenset[str]]:
        """Folded wording → the attributes it may mean."""
        found: dict[str, set[str]] = {}
        for attribute in self.attributes.values():
            for name in attribute.names:
                found.setdefault(fold(name), set()).add(attribute.key)
        for name, keys in self.also.items():
            found.setdefault(fold(name), set()).update(keys)
        return {name: frozenset(keys) for name, keys in found.items()}

    @cached_property
    def wordings(self) -> Mapping[str, tuple[str, ...]]:
        """Attribute → all its wordings, those with other meanings too."""
        return {
            key: (*attribute.names, *(name for name, keys in self.also.items() if key in keys))
            for key, attribute in self.attributes.items()
        }

    @cached_property
    def near(self) -> Mapping[str, frozenset[str]]:
        """Attribute → what it is easily taken for, both ways."""
        attributes = self.attributes.values()
        return {
            one.key: one.near | {other.key for other in attributes if one.key in other.near}
            for one in attributes
        }

    @cached_property
    def literals(self) -> Mapping[str, frozenset[tuple[str, ...]]]:
        """Attribute → folded words of the values it has in any product type and that are no patterns."""
        found: dict[str, set[tuple[str, ...]]] = {key: set() for key in self.attributes}
        for made in self.types:
            for key, patterns in made.values.items():
                found[key] |= {words_of(value) for value in self._plain(patterns) if _LETTERS.search(value)}
        return {key: frozenset(values) for key, values in found.items()}

    def draw(
        self, patterns: Sequence[str], drawn: random.Random, given: Mapping[str, str] | None = None
    ) -> str:
        """A value of one of these patterns; ``given`` are words for ``$names`` that are no lists."""
        text = drawn.choice(patterns)
        while found := _LIST.search(text):
            name = found[1]
            word = given[name] if given and name in given else drawn.choice(self.lists[name])
            text = text[: found.start()] + word + text[found.end() :]
        while "<" in text:
            text = _CHOICE.sub(lambda match: _chosen(match[1], drawn), text)
        return _SIGN.sub(lambda match: drawn.choice(digits if match[0] == "~" else ascii_uppercase), text)

    def _plain(self, patterns: Iterable[str]) -> Iterator[str]:
        for pattern in patterns:
            for part in _JOINED.split(pattern) if "$" in pattern else [pattern]:
                name = _LIST.fullmatch(part)
                if name:
                    yield from self._plain(self.lists[name[1]])
                elif not set(part) & set("$<>~^"):
                    yield part


def words_of(text: str) -> tuple[str, ...]:
    """Folded tokens of a text."""
    return tuple(fold(token.text) for token in tokenize(text))


def runs_of(text: str) -> set[tuple[str, ...]]:
    """Every run of at most ``LONGEST`` folded tokens in the text."""
    words = words_of(text)
    return {
        words[start : start + size]
        for size in range(1, LONGEST + 1)
        for start in range(len(words) - size + 1)
    }


@cache
def shelf(path: Path = PATH) -> Shelf:
    """The words of the project, read once."""
    raw = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    attributes = {key: _attribute(key, said) for key, said in raw["attributes"].items()}
    types = tuple(_product_type(key, said, attributes) for key, said in raw["types"].items())
    lists = {name: tuple(values) for name, values in raw["lists"].items()}
    for name in ("noise", "filler", "lines", "heads", "frames"):
        lists[name] = tuple(raw[name])
    return Shelf(lists, attributes, types, {name: tuple(keys) for name, keys in raw["also"].items()})


def _attribute(key: str, said: Mapping[str, Any]) -> Attribute:
    return Attribute(
        key,
        tuple(said["names"]),
        tuple(said["told"]),
        tuple(said.get("says", ())),
        tuple(said.get("shown", ("_",))),
        said.get("at", ""),
        frozenset(said.get("near", ())),
        "keep" in said,
        "named" in said,
        "many" in said,
        tuple(said.get("values", ())),
    )


def _product_type(key: str, said: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> ProductType:
    own = said.get("values", {})
    values = {name: tuple(own.get(name, attributes[name].values)) for name in said["has"]}
    return ProductType(key, tuple(said["as"]), tuple(said["nouns"]), values)


def _chosen(alternatives: str, drawn: random.Random) -> str:
    one = drawn.choice(alternatives.split("|"))
    bounds = _RANGE.fullmatch(one)
    return str(drawn.randint(int(bounds[1]), int(bounds[2]))) if bounds else one
