"""The extraction schema: which attributes a category has, and what they mean.

A schema is a YAML file (``assets/schemas/shop.yaml`` is the default). Its version is the hash of its content, so a
fact says exactly what was asked when it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core.domain import canonical_json, content_hash
from core.errors import SchemaError
from core.extract import quantity
from core.extract.normal_rules import Rule
from core.extract.schema_check import VALUE_TYPES, faults
from core.extract.value_kinds import READERS
from core.ontology import relation as ontology_relation
from core.ontology import relation_name
from core.settings import ASSETS

__all__ = [
    "DEFAULT_PATH",
    "VALUE_TYPES",
    "Attribute",
    "Schema",
    "default",
    "from_dict",
    "from_labels",
    "load",
]

DEFAULT_PATH = ASSETS / "schemas" / "shop.yaml"
OUTSIDE_SCHEMA = "outside_schema"
TYPE_MISMATCH = "type_mismatch"

_TYPES_BY_RELATION = {"brand": "Brand", "countryOfOrigin": "Country", "audience": "Audience"}
_TYPES_BY_VALUE = {
    "text": "Text",
    "name": "Text",
    "quantity": "QuantitativeValue",
    "count": "QuantitativeValue",
    "number": "QuantitativeValue",
    "price": "MonetaryAmount",
    "date": "Date",
    "boolean": "Boolean",
    "gtin": "Text",
    "product": "Product",
}

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. ``label`` and ``description`` are texts by language; ``unit`` is the unit of a quantity;
    ``rule`` is how its values are normalised beside what is done to every value; ``words`` says that a quantity may
    also be a word ("XL"); ``source`` is ``product`` or ``review``; ``schema_org`` is the property of schema.org it
    stands for."""

    relation: str
    label: Texts
    description: Texts = field(default_factory=dict)
    value_type: str = "text"
    unit: str = ""
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = "product"
    words: bool = False
    schema_org: str = ""
    rule: Rule = field(default_factory=Rule)

    @property
    def schema_type(self) -> str:
        """The schema.org type of its values: "Brand", "QuantitativeValue", "Product", "Text" …"""
        return _TYPES_BY_RELATION.get(self.relation) or _TYPES_BY_VALUE[self.value_type]

    def named(self, language: str) -> str:
        """The label in that language, else in English, else the relation's name."""
        return self.label.get(language) or self.label.get("en") or self.relation

    def described(self, language: str) -> str:
        """The description in that language, else in English."""
        return self.description.get(language) or self.description.get("en", "")

    def fits(self, surface: str) -> bool:
        """Whether the words can be a value of this type: a weight needs a number and a unit of weight."""
        if self.words:
            return True
        if self.value_type in ("quantity", "count"):
            found = quantity.parse(surface, self.relation, self.unit)
            if self.rule.assume and (found is None or found.kind == "count"):
                found = quantity.parse(f"{surface} {self.rule.assume}", self.relation, self.unit)
            return found is not None and (self.value_type == "quantity") == (found.kind != "count")
        reader = READERS.get(self.value_type)
        return reader is None or reader(surface) is not None


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

    def rules(self) -> dict[str, Rule]:
        """How values are normalised, by relation; attributes that ask for nothing of their own are left out."""
        return {a.relation: a.rule for a in self.every if not a.rule.idle}

    @property
    def every(self) -> tuple[Attribute, ...]:
        """Each attribute once, whatever asks for it; the general ones first."""
        found: dict[str, Attribute] = {}
        for listed in (self.general, *self.asked.values()):
            for attribute in listed:
                found.setdefault(attribute.relation, attribute)
        return tuple(found.values())

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
    """Build a schema from the plain data of its YAML; raises SchemaError for the first thing that is wrong."""
    fault = next((fault for fault in faults(raw) if fault.fatal), None)
    if fault is not None:
        place = ", ".join(part for part in (where, fault.place) if part)
        raise SchemaError(fault.what, where=place, remedy=fault.remedy)
    known = {name: _attribute(name, value) for name, value in raw["attributes"].items()}
    asked: dict[str, tuple[Attribute, ...]] = {}
    for entry in raw.get("categories") or []:
        chosen = tuple(_adapted(known[name], entry.get("examples") or {}) for name in entry["ask"])
        asked |= {str(name).strip().casefold(): chosen for name in entry["names"]}
    general = tuple(known[name] for name in raw.get("general") or known)
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


def _attribute(name: str, raw: Mapping[str, Any]) -> Attribute:
    canonical = ontology_relation(name)
    value_type, unit = raw.get("type", "text"), str(raw.get("unit") or "")
    return Attribute(
        relation=name,
        label=_texts(raw.get("label"), canonical.name),
        description=_texts(raw.get("description"), ""),
        value_type=value_type,
        unit=unit,
        examples=_examples(raw.get("examples")),
        source=str(raw.get("source", "product")),
        words=bool(raw.get("words", False)),
        schema_org=str(raw.get("schema_org") or canonical.schema_org),
        rule=Rule.of(value_type, unit, raw.get("normalise")),
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
