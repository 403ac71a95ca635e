"""The lexicon (``assets/schemas/lexicon.yaml``): values a shop's text is likely to name, and their synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from core.extract.tokens import fold, has_cjk, tokenize
from core.settings import ASSETS

PATH = ASSETS / "schemas" / "lexicon.yaml"


@dataclass(frozen=True)
class Lexicon:
    """``names[list][folded name]`` is the canonical name as it is written; the lists are relations, and the words
    reviews praise and blame with (``aspect``, ``praise``, ``blame``, ``negation``)."""

    names: Mapping[str, Mapping[str, str]]

    def canonical(self, relation: str, folded: str) -> str | None:
        """The canonical name of a folded value, or None; opinions share the list of aspects."""
        return self.names.get(_listed(relation), {}).get(folded)


def _listed(relation: str) -> str:
    return "aspect" if relation in ("praisedFor", "criticisedFor") else relation


@cache
def lexicon(path: Path = PATH) -> Lexicon:
    """The lexicon of the project, read once."""
    raw = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    lines = {listed: [_split(line) for line in values] for listed, values in raw.items()}
    return Lexicon({listed: _names(values) for listed, values in lines.items()})


def _split(line: object) -> list[str]:
    return [name.strip() for name in str(line).split(" | ")]


def _names(lines: Iterable[list[str]]) -> dict[str, str]:
    table: dict[str, str] = {}
    for names in lines:
        for name in names:
            table.setdefault(fold(name), names[0])
    return table


class Gazetteer:
    """Longest-match look-up of many phrases over tokens.

    ``add(label, phrase)``, then ``match(tokens)`` gives ``(first, last + 1, label)`` for every longest match,
    also where several labels claim the same words. English plurals match their singular.
    """

    def __init__(self) -> None:
        self._phrases: dict[tuple[str, ...], dict[str, int]] = {}
        self._longest: dict[str, int] = {}

    def add(self, label: str, phrase: str) -> None:
        """Count one more occurrence of ``phrase`` under ``label``."""
        key = tuple(_stem(token.text) for token in tokenize(phrase))
        if not key or len(key) > 12:
            return
        labels = self._phrases.setdefault(key, {})
        labels[label] = labels.get(label, 0) + 1
        self._longest[key[0]] = max(self._longest.get(key[0], 0), len(key))

    def match(
        self, words: list[str], own: Mapping[tuple[str, ...], set[str]] | None = None
    ) -> list[tuple[int, int, str]]:
        """Matches over ``stems`` of a text; a phrase known only from ``own`` (the text itself) is not used, so
        that a model trained on these features sees them as it will see them on new text."""
        found, at = [], 0
        while at < len(words):
            width, labels = self._longest_at(words, at, own or {})
            found += [(at, at + width, label) for label in labels]
            at += max(width, 1)
        return found

    def _longest_at(
        self, words: list[str], at: int, own: Mapping[tuple[str, ...], set[str]]
    ) -> tuple[int, list[str]]:
        for width in range(min(self._longest.get(words[at], 0), len(words) - at), 0, -1):
            key = tuple(words[at : at + width])
            labels = self._phrases.get(key)
            if labels:
                mine = own.get(key, set())
                usable = [label for label, count in labels.items() if count > (label in mine)]
                if usable:
                    return width, usable
        return 0, []

    def __len__(self) -> int:
        return len(self._phrases)

    def rows(self) -> list[tuple[str, ...]]:
        """``(label, count, word, …)`` rows, in a fixed order, for ``from_rows``."""
        return sorted(
            (label, str(count), *key)
            for key, labels in self._phrases.items()
            for label, count in labels.items()
        )

    @staticmethod
    def from_rows(rows: Iterable[Iterable[str]]) -> Gazetteer:
        """The gazetteer whose ``rows`` these are."""
        made = Gazetteer()
        for label, count, *key in rows:
            made._phrases.setdefault(tuple(key), {})[label] = int(count)
            made._longest[key[0]] = max(made._longest.get(key[0], 0), len(key))
        return made


def stems(words: Iterable[str]) -> list[str]:
    """Folded words without a plural s, as the gazetteer compares them."""
    return [_stem(word) for word in words]


@cache
def lexicon_gazetteer() -> Gazetteer:
    """The lexicon as a gazetteer."""
    made = Gazetteer()
    for listed, names in lexicon().names.items():
        for name in names:
            made.add(listed, name)
    return made


def _stem(word: str) -> str:
    folded = fold(word) or word
    plural = len(folded) > 3 and folded[-1] == "s" and folded[-2] not in "su" and not has_cjk(folded)
    return folded[:-1] if plural else folded
