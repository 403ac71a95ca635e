"""What is wrong with a schema, all of it at once, each with its place in the plain data of the YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from core.extract import normal_rules, units

VALUE_TYPES = ("text", "name", "quantity", "count", "number", "price", "date", "boolean", "gtin", "product")
SOURCES = ("product", "review")
ATTRIBUTE_KEYS = (
    "label",
    "description",
    "type",
    "unit",
    "words",
    "source",
    "examples",
    "schema_org",
    "normalise",
)
Path = tuple[str | int, ...]

_SAID: Mapping[str, tuple[str, str]] = {
    "no_attributes": ("A schema is a mapping with `attributes`.", "Start from shop.yaml."),
    "attribute": ("An attribute is a mapping.", "Give it a label and a description."),
    "value_type": ("There is no value type {value!r}.", "Use one of {known}."),
    "unit": ("Unit {value!r} is unknown.", "Use one of {known}."),
    "rule_key": ("{value!r} is no rule of normalisation.", "Use {known}."),
    "rule": ("`{key}` cannot be {value}.", "Give it {known}."),
    "source": ("There is no source {value!r}.", "Use one of {known}."),
    "texts": ("This is a text, or a text a language.", "Write a text, or {{en: …, zh: …}}."),
    "examples": ("Examples are a list, or a list a language.", "Write [a, b], or {{en: [a, b], zh: [c]}}."),
    "list": ("`{key}` must be a list that is not empty.", "Add it."),
    "undefined": ("Attribute {value!r} is not defined.", "Add it under `attributes`."),
    "asked_twice": ("{value!r} is in this list twice.", "Take one out."),
    "named_twice": ("Two categories are called {value!r}.", "Rename one, or put them together."),
    "key": ("{value!r} is no name.", "Put it in quotes."),
    "plain": ("{value!r} is neither a text nor a number.", "Put it in quotes."),
    "unknown_key": ("{value!r} means nothing here.", "Use one of {known}."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. ``path`` leads to it through the plain data (a number counts the entries of a list, or
    of a mapping); ``code`` names it for translations, with ``fields`` filled in; what is not ``fatal`` is a hint,
    and the schema can be used."""

    code: str
    path: Path
    fields: Mapping[str, str]
    fatal: bool = True

    @property
    def what(self) -> str:
        """The problem, in English."""
        return _SAID[self.code][0].format(**self.fields)

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return _SAID[self.code][1].format(**self.fields)

    @property
    def place(self) -> str:
        """Where it is, for people: "attribute color", "category 2"."""
        match self.path:
            case ("attributes", name, *_):
                return f"attribute {name}"
            case ("categories", int(number), *_):
                return f"category {number + 1}"
            case (str(key), *_):
                return key
        return ""


def faults(raw: Any) -> list[Fault]:
    """Everything wrong with the plain data of a schema, in the order of its parts; [] where it can be used."""
    if not isinstance(raw, dict) or not isinstance(raw.get("attributes"), dict):
        return [Fault("no_attributes", ("attributes",), {})]
    unplain = list(_plain(raw, ()))
    if unplain:
        return unplain
    found = [] if raw.get("name") is None else list(_texts(raw["name"], ("name",)))
    for name, attribute in raw["attributes"].items():
        found += _attribute(attribute, ("attributes", name))
    known = set(raw["attributes"])
    if raw.get("general") is not None:
        found += _names(raw["general"], known, ("general",))
    return found + list(_categories(raw.get("categories"), known))


def attribute_faults(raw: Any) -> list[Fault]:
    """Everything wrong with the plain data of one attribute."""
    return list(_attribute(raw, ()))


def usual_units() -> tuple[str, ...]:
    """The units that a quantity may be offered; a schema may name any other that ``units.is_unit`` knows."""
    return units.symbols()


def _plain(raw: Any, path: Path) -> Iterator[Fault]:
    """What JSON cannot say: keys that are no text (`on:` is a truth value in YAML), dates, infinities."""
    if isinstance(raw, dict):
        for at, (key, value) in enumerate(raw.items()):
            if not isinstance(key, str) or not key.strip():
                yield Fault("key", (*path, at), {"value": str(key)})
            else:
                yield from _plain(value, (*path, key))
    elif isinstance(raw, list):
        for at, value in enumerate(raw):
            yield from _plain(value, (*path, at))
    elif not isinstance(raw, (str, int, bool, type(None))) and not (isinstance(raw, float) and isfinite(raw)):
        yield Fault("plain", path, {"value": str(raw)})


def _attribute(raw: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(raw, dict):
        yield Fault("attribute", path, {})
        return
    for key, kinds in (("type", VALUE_TYPES), ("source", SOURCES)):
        value = raw.get(key, kinds[0])
        if value not in kinds:
            code = "value_type" if key == "type" else key
            known = ", ".join(kind for kind in kinds if kind)
            yield Fault(code, (*path, key), {"value": str(value), "known": known})
    unit = raw.get("unit") or ""
    if unit and not (isinstance(unit, str) and units.is_unit(unit)):
        yield Fault("unit", (*path, "unit"), {"value": str(unit), "known": ", ".join(usual_units())})
    for key in ("label", "description"):
        if raw.get(key) is not None:
            yield from _texts(raw[key], (*path, key))
    yield from _examples(raw.get("examples"), (*path, "examples"))
    yield from _normalise(raw.get("normalise"), (*path, "normalise"))
    for key in raw:
        if key not in ATTRIBUTE_KEYS:
            fields = {"value": str(key), "known": ", ".join(ATTRIBUTE_KEYS)}
            yield Fault("unknown_key", (*path, key), fields, fatal=False)


def _normalise(raw: Any, path: Path) -> Iterator[Fault]:
    if raw is None:
        return
    keys = ", ".join(normal_rules.KEYS)
    if not isinstance(raw, dict):
        yield Fault("rule", path, {"key": "normalise", "value": str(raw), "known": keys})
        return
    for key, value in raw.items():
        if key not in normal_rules.KEYS:
            yield Fault("rule_key", (*path, key), {"value": str(key), "known": keys})
        elif wanted := normal_rules.wanted(key, value):
            yield Fault("rule", (*path, key), {"key": str(key), "value": str(value)[:60], "known": wanted})


def _texts(raw: Any, path: Path) -> Iterator[Fault]:
    values = raw.values() if isinstance(raw, dict) else [raw]
    if any(isinstance(value, (dict, list)) for value in values):
        yield Fault("texts", path, {})


def _examples(raw: Any, path: Path) -> Iterator[Fault]:
    lists = list(raw.values()) if isinstance(raw, dict) else [raw]
    for listed in lists:
        if listed is None:
            continue
        if not isinstance(listed, list) or any(isinstance(value, (dict, list)) for value in listed):
            yield Fault("examples", path, {})
            return


def _categories(raw: Any, known: set[str]) -> Iterator[Fault]:
    if raw is not None and not isinstance(raw, list):
        yield Fault("list", ("categories",), {"key": "categories"})
        return
    taken: set[str] = set()
    for number, entry in enumerate(raw or []):
        path: Path = ("categories", number)
        names = _list(entry, "names")
        if not names:
            yield Fault("list", path, {"key": "names"})
        for name in names:
            folded = str(name).strip().casefold()
            if folded in taken:
                yield Fault("named_twice", (*path, "names"), {"value": str(name)})
            taken.add(folded)
        asked = _list(entry, "ask")
        if not asked:
            yield Fault("list", path, {"key": "ask"})
        yield from _names(asked, known, (*path, "ask"))
        own = (entry.get("examples") or {}) if isinstance(entry, dict) else {}
        if not isinstance(own, dict):
            yield Fault("examples", (*path, "examples"), {})
            continue
        yield from _names(list(own), known, (*path, "examples"))
        for name, listed in own.items():
            yield from _examples(listed, (*path, "examples", name))


def _names(raw: Any, known: set[str], path: Path) -> Iterator[Fault]:
    if not isinstance(raw, list):
        yield Fault("list", path, {"key": str(path[-1])})
        return
    seen: set[str] = set()
    for at, name in enumerate(raw):
        here = (*path, at)
        if not isinstance(name, str) or name not in known:
            yield Fault("undefined", here, {"value": str(name)})
        elif name in seen:
            yield Fault("asked_twice", here, {"value": name})
        seen.add(str(name))


def _list(entry: Any, key: str) -> Sequence[Any]:
    found = entry.get(key) if isinstance(entry, dict) else None
    return found if isinstance(found, list) else []
