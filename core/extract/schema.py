"""The extraction schema: which attributes a category has, and what they mean.

A schema is a YAML file (``assets/schemas/shop.yaml`` is the default). Its version is the hash of its content, so a
fact says exactly what was asked when it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core.domain import canonical_json, content_hash
from core.errors import SchemaError
from core.extract import quantity
from core.ontology import relation as ontology_relation
from core.ontology import relation_name
from core.settings import ASSETS

DEFAULT_PATH = ASSETS / "schemas" / "shop.yaml"
VALUE_TYPES = ("text", "name", "quantity", "count", "product")
OUTSIDE_SCHEMA = "outside_schema"
TYPE_MISMATCH = "type_mismatch"

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. ``label`` and ``description`` are texts by language; ``unit`` is the base unit of a quantity;
    ``words`` says that a quantity may also be a word ("XL"); ``source`` is ``product`` or ``review``."""

    relation: str
    label: Texts
    description: Texts = field(default_factory=dict)
    value_type: str = "text"
    unit: str = ""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = "product"
    words: bool = False

    def named(self, language: str) -> str:
        """The label in that language, else in English, else the relation's name."""
        return self.label.get(language) or self.label.get("en") or self.relation

    def described(self, language: str) -> str:
        """The description in that language, else in English."""
        return self.description.get(language) or self.description.get("en", "")

    def fits(self, surface: str) -> bool:
        """Whether the words can be a value of this type: a weight needs a number and a unit of weight."""
        if self.value_type not in ("quantity", "count") or self.words:
            return True
        found = quantity.parse(surface, self.relation)
        return found is not None and (self.value_type == "quantity") == (found.kind != "count")


@dataclass(frozen=True, eq=False)
class Schema:
    """A schema. ``general`` holds the attributes any product may have; ``asked`` those that are asked of a category
    by any of its names. ``version`` is the hash of the content."""

    name: Texts
    general: tuple[Attribute, ...]
    asked: Mapping[str, tuple[Attribute, ...]]
    version: str
    strict: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and other.version == self.version

    def __hash__(self) -> int:
        return hash(self.version)

    def attributes(self, category: str | None, source: str = "product") -> tuple[Attribute, ...]:
        """What to ask of a product of that category; the general list where the category is unknown."""
        chosen = self.asked.get((category or "").strip().casefold(), self.general)
        return tuple(attribute for attribute in chosen if attribute.source == source)

    def attribute(self, relation: str, category: str | None = None) -> Attribute | None:
        """The attribute of that relation, in the category's own wording where it has one."""
        own = self.asked.get((category or "").strip().casefold(), ())
        return next((a for a in (*own, *self.general) if a.relation == relation), None)

    def verdict(self, relation: str, surface: str, category: str | None = None) -> str:
        """Empty when the claim is within the schema, else the reason it is kept apart."""
        found = self.attribute(relation, category)
        if found is None:
            return OUTSIDE_SCHEMA
        return "" if found.fits(surface) else TYPE_MISMATCH

    @property
    def categories(self) -> tuple[str, ...]:
        """The category names that have a list of their own, case-folded."""
        return tuple(self.asked)


def load(path: Path) -> Schema:
    """Read a YAML schema; raises SchemaError with the file, the place and the remedy."""
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"This is not YAML: {error}", where=str(path), remedy="Mend the line named."
        ) from error
    except FileNotFoundError:
        raise SchemaError(
            "The schema file does not exist.", where=str(path), remedy="Check its name."
        ) from None
    return from_dict(raw, where=path.name)


@cache
def default() -> Schema:
    """The schema ShelfGraph ships with."""
    return load(DEFAULT_PATH)


def from_dict(raw: Any, where: str = "schema") -> Schema:
    """Build a schema from the plain data of its YAML; raises SchemaError."""
    if not isinstance(raw, dict) or not isinstance(raw.get("attributes"), dict):
        raise SchemaError(
            "A schema is a mapping with `attributes`.", where=where, remedy="Start from shop.yaml."
        )
    known = {name: _attribute(name, value, where) for name, value in raw["attributes"].items()}
    asked: dict[str, tuple[Attribute, ...]] = {}
    for number, entry in enumerate(raw.get("categories") or []):
        place = f"{where}, category {number + 1}"
        names, wanted = _list(entry, "names", place), _list(entry, "ask", place)
        chosen = tuple(_adapted(_pick(known, name, place), entry.get("examples") or {}) for name in wanted)
        asked |= {str(name).strip().casefold(): chosen for name in names}
    general = tuple(_pick(known, name, f"{where}, general") for name in raw.get("general") or known)
    name = raw.get("name") or {"en": where}
    version = content_hash(canonical_json(raw))[:12]
    return Schema(name if isinstance(name, dict) else {"en": str(name)}, general, asked, version)


def from_labels(labels: Mapping[str, Iterable[str]], name: str = "labels") -> Schema:
    """A schema from attribute names by category, as benchmark files give them; relations are the labels' names."""
    made = {
        c: tuple(Attribute(relation_name(label), {"en": label}) for label in ls) for c, ls in labels.items()
    }
    every = {attribute.relation: attribute for attributes in made.values() for attribute in attributes}
    version = content_hash(
        canonical_json({c: [a.relation for a in attributes] for c, attributes in made.items()})
    )
    asked = {category.strip().casefold(): attributes for category, attributes in made.items()}
    return Schema({"en": name}, tuple(every.values()), asked, version[:12], strict=True)


def _attribute(name: str, raw: Any, where: str) -> Attribute:
    place = f"{where}, attribute {name}"
    if not isinstance(raw, dict):
        raise SchemaError(
            "An attribute is a mapping.", where=place, remedy="Give it a label and a description."
        )
    value_type = raw.get("type", "text")
    if value_type not in VALUE_TYPES:
        raise SchemaError(
            f"There is no value type {value_type!r}.",
            where=place,
            remedy=f"Use one of {', '.join(VALUE_TYPES)}.",
        )
    unit = str(raw.get("unit", ""))
    bases = {base for base, _, _ in quantity.units().values()}
    if unit and unit not in bases:
        raise SchemaError(
            f"Unit {unit!r} is unknown.", where=place, remedy=f"Use one of {', '.join(sorted(bases))}."
        )
    return Attribute(
        relation=name,
        label=_texts(raw.get("label"), ontology_relation(name).name),
        description=_texts(raw.get("description"), ""),
        value_type=value_type,
        unit=unit,
        examples=_examples(raw.get("examples")),
        source=str(raw.get("source", "product")),
        words=bool(raw.get("words", False)),
    )


def _adapted(attribute: Attribute, examples: Mapping[str, Any]) -> Attribute:
    if attribute.relation not in examples:
        return attribute
    fields = {name: getattr(attribute, name) for name in Attribute.__slots__}
    return Attribute(**{**fields, "examples": _examples(examples[attribute.relation])})


def _examples(raw: Any) -> dict[str, tuple[str, ...]]:
    by_language = raw if isinstance(raw, dict) else {"en": raw or []}
    return {language: tuple(str(value) for value in values or []) for language, values in by_language.items()}


def _texts(raw: Any, otherwise: str) -> dict[str, str]:
    if isinstance(raw, dict):
        return {str(language): str(text) for language, text in raw.items()}
    return {"en": str(raw or otherwise)}


def _list(entry: Any, key: str, place: str) -> Sequence[Any]:
    found = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(found, list) or not found:
        raise SchemaError(f"`{key}` must be a list that is not empty.", where=place, remedy="Add it.")
    return found


def _pick(known: Mapping[str, Attribute], name: Any, place: str) -> Attribute:
    if name not in known:
        raise SchemaError(
            f"Attribute {name!r} is not defined.", where=place, remedy="Add it under `attributes`."
        )
    return known[name]
