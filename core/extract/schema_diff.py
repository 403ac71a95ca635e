"""What differs between two schemas, as a person would tell it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.extract.schema_edit import Raw, category_names

_PARTS = ("label", "description", "type", "unit", "words", "source", "examples", "schema_org", "normalise")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``kind`` is attribute_added, attribute_removed, attribute_changed, category_added,
    category_removed, category_renamed, asked, not_asked, order, general or name; ``category`` and ``relation`` say of
    what, ``part`` which part of an attribute, ``before`` and ``after`` are as they are written."""

    kind: str
    category: str = ""
    relation: str = ""
    part: str = ""
    before: str = ""
    after: str = ""


def changes(old: Raw, new: Raw) -> list[Change]:
    """From ``old`` to ``new``; [] for schemas that say the same."""
    found = list(_attributes(old, new))
    found += _categories(old, new)
    if old.get("name") != new.get("name"):
        found.append(Change("name", before=_told(old.get("name")), after=_told(new.get("name"))))
    before, after = (raw.get("general") or list(raw["attributes"]) for raw in (old, new))
    return found + list(_lists(before, after, "", old, new))


def lines(old: str, new: str) -> str:
    """A unified difference of two texts, without file names; "" for equal ones."""
    told = list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2))
    return "\n".join(told[2:])


def removed_relations(old: Raw, new: Raw) -> list[str]:
    """Relations that only the old schema knows: their facts will be kept apart."""
    return [name for name in old["attributes"] if name not in new["attributes"]]


def _attributes(old: Raw, new: Raw) -> Iterator[Change]:
    before, after = old["attributes"], new["attributes"]
    for name in after:
        if name not in before:
            yield Change("attribute_added", relation=name)
    for name in before:
        if name not in after:
            yield Change("attribute_removed", relation=name)
    for name in before:
        left, right = before[name] or {}, (after.get(name) or {})
        for part in _PARTS if name in after else ():
            if left.get(part) != right.get(part):
                told = _told(left.get(part)), _told(right.get(part))
                yield Change("attribute_changed", "", name, part, *told)


def _categories(old: Raw, new: Raw) -> Iterator[Change]:
    """Categories are the same where they share a name."""
    before, after = category_names(old), category_names(new)
    twins = [_twin(names, before) for names in after]
    for at, (names, twin) in enumerate(zip(after, twins, strict=True)):
        other = new["categories"][at]
        if twin is None:
            yield Change("category_added", names[0], after=", ".join(other["ask"]))
            continue
        if before[twin] != names:
            yield Change("category_renamed", names[0], before=", ".join(before[twin]), after=", ".join(names))
        one = old["categories"][twin]
        yield from _lists(one["ask"], other["ask"], names[0], old, new)
        yield from _own_examples(one.get("examples") or {}, other.get("examples") or {}, names[0], new)
    for number, names in enumerate(before):
        if number not in twins:
            yield Change("category_removed", names[0])
    kept = [twin for twin in twins if twin is not None]
    if kept != sorted(kept):
        told = ("; ".join(names[0] for names in listed) for listed in (before, after))
        yield Change("order", "", "", "categories", *told)


def _twin(names: tuple[str, ...], others: list[tuple[str, ...]]) -> int | None:
    folded = {name.casefold() for name in names}
    listed = enumerate(others)
    return next((i for i, other in listed if folded & {name.casefold() for name in other}), None)


def _own_examples(before: Raw, after: Raw, category: str, new: Raw) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name) and name in new["attributes"]:
            told = _told(before.get(name)), _told(after.get(name))
            yield Change("attribute_changed", category, name, "examples", *told)


def _lists(before: list[str], after: list[str], category: str, old: Raw, new: Raw) -> Iterator[Change]:
    """What a list asks for more and less; an attribute that came or went altogether is told once, not by list."""
    for name in after:
        if name not in before and name in old["attributes"]:
            yield Change("asked", category, name)
    for name in before:
        if name not in after and name in new["attributes"]:
            yield Change("not_asked", category, name)
    if [name for name in before if name in after] != [name for name in after if name in before]:
        yield Change("order", category, before=", ".join(before), after=", ".join(after))


def _told(value: Any) -> str:
    """A part as it is read on one line: "Brand / 品牌", "a, b / c"."""
    if isinstance(value, dict):
        return " / ".join(_told(part) for part in value.values() if part not in (None, [], ""))
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)
