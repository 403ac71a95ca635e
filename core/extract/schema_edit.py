"""Editing a schema as tables: the rows of a category, and the plain data with other rows in their place.

An attribute is defined once and asked of many categories: label, description, type and unit are the same in all of
them, examples may be a category's own. Nothing here changes its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from core.extract.tokens import fold, has_cjk
from core.ontology import relation_name

Raw = dict[str, Any]
ALL = -1
"""Stands for all attributes where a category's number is asked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute as it is edited. ``relation`` is "" for one that was typed in; ``general`` says that it is asked
    of products without a list of their own; texts and examples are by language."""

    relation: str = ""
    label: Mapping[str, str] = field(default_factory=dict)
    description: Mapping[str, str] = field(default_factory=dict)
    value_type: str = "text"
    unit: str = ""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = "product"
    general: bool = True


def category_names(raw: Raw) -> list[tuple[str, ...]]:
    """The names of each category, in order."""
    return [tuple(str(name) for name in entry["names"]) for entry in raw.get("categories") or []]


def number_of(raw: Raw, category: str) -> int:
    """The category that has this name; ``ALL`` where none has."""
    wanted = category.strip().casefold()
    listed = enumerate(category_names(raw))
    return next((i for i, names in listed if wanted in (name.strip().casefold() for name in names)), ALL)


def rows(raw: Raw, category: int = ALL) -> list[Row]:
    """The attributes of a category in the order they are asked; all, general ones first, for ``ALL``."""
    general = raw.get("general") or list(raw["attributes"])
    if category == ALL:
        names = [*general, *(name for name in raw["attributes"] if name not in general)]
        return [_row(name, raw["attributes"][name], name in general) for name in names]
    entry = raw["categories"][category]
    own = entry.get("examples") or {}
    made = (_row(name, raw["attributes"][name], name in general) for name in entry["ask"])
    return [replace(row, examples=_lists(own[row.relation])) if row.relation in own else row for row in made]


def with_rows(raw: Raw, new: Sequence[Row], category: int = ALL) -> Raw:
    """The schema with these attributes in a category. Those that are left out leave the category, and the schema
    where nothing else asks for them; from ``ALL`` they leave every category too."""
    made = deepcopy(raw)
    before = {row.relation: row for row in rows(raw, category)}
    named = _named(made, new, within=category != ALL)
    for row in named:
        old = before.get(row.relation) or _row(row.relation, made["attributes"].get(row.relation) or {}, True)
        # The examples of a category are its own: those of the definition stay as they are.
        shared = row if category == ALL else replace(row, examples=old.examples)
        if row.relation not in made["attributes"]:
            made["attributes"][row.relation] = _plain(row)
        elif shared != old:
            made["attributes"][row.relation] = _merged(made["attributes"][row.relation], old, shared)
    if category == ALL:
        return _all_rows(made, named)
    return _category_rows(made, named, category, before)


def with_category(raw: Raw, names: Sequence[str], asked: Sequence[str]) -> Raw:
    """The schema with one more category, last; ``asked`` are attributes that it has."""
    made = deepcopy(raw)
    made["categories"] = [*(made.get("categories") or []), {"names": list(names), "ask": list(asked)}]
    return made


def without_category(raw: Raw, category: int) -> Raw:
    """The schema without a category; attributes that only it asked for go with it."""
    made = deepcopy(raw)
    gone = made["categories"].pop(category)
    return _without_unused(made, gone["ask"])


def renamed(raw: Raw, category: int, names: Sequence[str]) -> Raw:
    """The schema with other names for a category."""
    made = deepcopy(raw)
    made["categories"][category]["names"] = list(names)
    return made


def moved(raw: Raw, category: int, to: int) -> Raw:
    """The schema with a category at another place of the list."""
    made = deepcopy(raw)
    entry = made["categories"].pop(category)
    made["categories"].insert(to, entry)
    return made


def placed(new: Sequence[Row], before: Sequence[int | None], typed: Sequence[int | None]) -> list[Row]:
    """Rows in the order of the positions typed, from 1; ``before`` are the positions as they were shown. A row whose
    position was changed comes to stand there, the others keep their order; a new row has none and stays."""
    still: list[Row] = []
    moving: list[tuple[int, Row]] = []
    for row, old, number in zip(new, before, typed, strict=True):
        if number is None or number == old:
            still.append(row)
        else:
            moving.append((number, row))
    for number, row in sorted(moving, key=lambda pair: pair[0]):
        still.insert(min(max(number - 1, 0), len(still)), row)
    return still


def _row(relation: str, raw: Mapping[str, Any], general: bool) -> Row:
    return Row(
        relation,
        _texts(raw.get("label")),
        _texts(raw.get("description")),
        str(raw.get("type", "text")),
        str(raw.get("unit", "")),
        _lists(raw.get("examples")),
        str(raw.get("source", "product")),
        general,
    )


def _named(raw: Raw, new: Iterable[Row], within: bool) -> list[Row]:
    """Rows that all have a relation. A typed row takes that of its label; in a category the label of an attribute
    that is there means that attribute."""
    taken = {row.relation for row in new if row.relation}
    known = {
        fold(text): n
        for n, a in raw["attributes"].items()
        for text in _texts((a or {}).get("label")).values()
    }
    known |= {fold(name): name for name in raw["attributes"]}
    named: list[Row] = []
    for row in new:
        if row.relation:
            named.append(row)
            continue
        label = row.label.get("en") or next((text for text in row.label.values() if text.strip()), "")
        if not label.strip():
            continue
        found = known.get(fold(label)) if within else None
        if found is not None and found not in taken:
            row = _row(found, raw["attributes"][found] or {}, row.general)
        else:
            row = replace(row, relation=_free(relation_name(label), {*taken, *raw["attributes"]}))
        taken.add(row.relation)
        named.append(row)
    return named


def _free(name: str, taken: Iterable[str]) -> str:
    used, number, made = set(taken), 1, name
    while made in used:
        number += 1
        made = f"{name}{number}"
    return made


def _all_rows(made: Raw, named: Sequence[Row]) -> Raw:
    kept = {row.relation: made["attributes"][row.relation] for row in named}
    if made.get("general") or not all(row.general for row in named):
        made["general"] = [row.relation for row in named if row.general]
    made["attributes"] = kept
    for entry in made.get("categories") or []:
        entry["ask"] = [name for name in entry["ask"] if name in kept]
        _set_examples(entry, {k: v for k, v in (entry.get("examples") or {}).items() if k in kept})
    return made


def _category_rows(made: Raw, named: Sequence[Row], category: int, before: Mapping[str, Row]) -> Raw:
    entry = made["categories"][category]
    entry["ask"] = [row.relation for row in named]
    own = dict(entry.get("examples") or {})
    for row in named:
        old = before.get(row.relation)
        shared = _lists((made["attributes"][row.relation] or {}).get("examples"))
        if _some(row.examples) == _some(shared):
            own.pop(row.relation, None)
        elif old is None or row.examples != old.examples:
            own[row.relation] = {language: list(values) for language, values in _some(row.examples).items()}
    _set_examples(entry, {name: own[name] for name in own if name in entry["ask"]})
    return _without_unused(made, [name for name in before if name not in entry["ask"]])


def _set_examples(entry: Raw, own: Mapping[str, Any]) -> None:
    if own:
        entry["examples"] = dict(own)
    else:
        entry.pop("examples", None)


def _without_unused(made: Raw, names: Iterable[str]) -> Raw:
    general = made.get("general") or list(made["attributes"])
    used = {*general, *(name for entry in made.get("categories") or [] for name in entry["ask"])}
    for name in names:
        if name not in used:
            made["attributes"].pop(name, None)
    return made


def _plain(row: Row) -> Raw:
    """A new attribute's plain data."""
    made: Raw = {"label": _said(row.label)}
    if _said(row.description):
        made["description"] = _said(row.description)
    made["type"] = row.value_type
    if row.unit:
        made["unit"] = row.unit
    if row.source != "product":
        made["source"] = row.source
    if _some(row.examples):
        made["examples"] = {language: list(values) for language, values in _some(row.examples).items()}
    return made


def _merged(raw: Mapping[str, Any] | None, old: Row, new: Row) -> Raw:
    """An attribute's plain data with what differs between two rows; all else as it was written."""
    made = dict(raw or {})
    fresh = _plain(new)
    for key, name in (
        ("label", "label"),
        ("description", "description"),
        ("type", "value_type"),
        ("unit", "unit"),
        ("source", "source"),
        ("examples", "examples"),
    ):
        if getattr(old, name) == getattr(new, name):
            continue
        if key in fresh:
            made[key] = fresh[key]
        else:
            made.pop(key, None)
    return made


def _texts(raw: Any) -> dict[str, str]:
    if isinstance(raw, dict):
        return {str(language): str(text) for language, text in raw.items() if text is not None}
    return {"zh" if has_cjk(str(raw)) else "en": str(raw)} if raw else {}


def _lists(raw: Any) -> dict[str, tuple[str, ...]]:
    by_language = raw if isinstance(raw, dict) else {"en": raw}
    return {
        str(code): tuple(str(value) for value in values) for code, values in by_language.items() if values
    }


def _said(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in texts.items() if text and text.strip()}


def _some(examples: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {language: values for language, values in examples.items() if values}
