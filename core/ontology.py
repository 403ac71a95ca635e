"""Canonical relations and node types, after schema.org, and the families they are drawn in.

A relation links a product (or a review's product) to a value node, or to another product. The family is what
charts, chips, Shapley groups and graph colours are keyed on: one family, one colour, everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Family(StrEnum):
    """Groups of relations an analyst reads as one thing."""

    IDENTITY = "identity"
    SUBSTANCE = "substance"
    APPEARANCE = "appearance"
    QUANTITY = "quantity"
    SENSE = "sense"
    FEATURE = "feature"
    USE = "use"
    PEOPLE = "people"
    LINK = "link"
    OPINION = "opinion"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Relation:
    """One canonical relation.

    ``name`` is the identifier in assertions (camelCase, as schema.org writes properties); ``node_type`` the class of
    the node on its object side; ``schema_org`` the nearest schema.org property (``additionalProperty`` where none is).
    With ``same_type`` the object of a value is of that value's own type.
    """

    name: str
    family: Family
    node_type: str
    schema_org: str = "additionalProperty"
    same_type: bool = False


_RELATIONS = (
    Relation("brand", Family.IDENTITY, "Brand", "brand"),
    Relation("category", Family.IDENTITY, "Category", "category"),
    Relation("broader", Family.IDENTITY, "Category", same_type=True),
    Relation("productType", Family.IDENTITY, "ProductType", "additionalType"),
    Relation("countryOfOrigin", Family.IDENTITY, "Country", "countryOfOrigin"),
    Relation("material", Family.SUBSTANCE, "Material", "material"),
    Relation("ingredient", Family.SUBSTANCE, "Ingredient"),
    Relation("color", Family.APPEARANCE, "Color", "color"),
    Relation("style", Family.APPEARANCE, "Style"),
    Relation("size", Family.QUANTITY, "Size", "size"),
    Relation("capacity", Family.QUANTITY, "Capacity"),
    Relation("weight", Family.QUANTITY, "Weight", "weight"),
    Relation("packSize", Family.QUANTITY, "PackSize"),
    Relation("power", Family.QUANTITY, "Power"),
    Relation("flavor", Family.SENSE, "Flavor"),
    Relation("scent", Family.SENSE, "Scent"),
    Relation("feature", Family.FEATURE, "Feature"),
    Relation("usedFor", Family.USE, "Use"),
    Relation("usedIn", Family.USE, "Place"),
    Relation("solves", Family.USE, "Problem"),
    Relation("audience", Family.PEOPLE, "Audience", "audience"),
    Relation("suitedTo", Family.PEOPLE, "Suitability"),
    Relation("isAccessoryOrSparePartFor", Family.LINK, "Product", "isAccessoryOrSparePartFor"),
    Relation("isSimilarTo", Family.LINK, "Product", "isSimilarTo"),
    Relation("isRelatedTo", Family.LINK, "Product", "isRelatedTo"),
    Relation("isCompatibleWith", Family.LINK, "Product", "isRelatedTo"),
    Relation("isPartOf", Family.LINK, "Product", "isRelatedTo"),
    Relation("praisedFor", Family.OPINION, "Aspect", "positiveNotes"),
    Relation("criticisedFor", Family.OPINION, "Aspect", "negativeNotes"),
)

RELATIONS: dict[str, Relation] = {relation.name: relation for relation in _RELATIONS}

_ELSEWHERE = {
    Family.IDENTITY: re.compile(
        r"(belongs?|instance|member)(to|of)|(is|product)?(made|produced|manufactured|sold)?by"
        r"|manufacturer(id|name)?|maker|brandname|producttype|(sub|parent|product|item)?categor(y|ies)(name|path)?|taxonomy|department|品牌|厂商|类目|类别|品类"
    ),
    Family.LINK: re.compile(
        r"also(buy|bought|view|viewed|purchased)|(bought|buy|purchased|viewed|goes|used)(together|with)"
        r"|buyafterview(ing)?|bought(after|with)|copurchas(e|ed)|complements?|substitutes?|replaces"
        r"|alternative(to)?|variant(of)?"
    ),
}
"""What catalogues, shops and public knowledge graphs call such relations."""


def relation(name: str) -> Relation:
    """The canonical relation of that name; one outside the ontology is of the family its name tells, else OTHER."""
    known = RELATIONS.get(name)
    return known or Relation(name, _told(name), name[:1].upper() + name[1:])


@lru_cache(maxsize=10_000)
def _told(name: str) -> Family:
    plain = re.sub(r"[\W_]+", "", name).casefold()
    return next((family for family, names in _ELSEWHERE.items() if names.fullmatch(plain)), Family.OTHER)


def family(name: str) -> Family:
    """The family a relation is drawn and grouped in."""
    return relation(name).family


def relation_name(label: str) -> str:
    """Turn an attribute's label ("Net content") into a relation name ("netContent"); CJK labels stay as they are."""
    words: list[str] = re.findall(r"\w+", label)
    if not words:
        return "unnamed"
    head, *tail = words
    head = head if head.isupper() and tail == [] and len(head) <= 3 else head[:1].lower() + head[1:]
    return head + "".join(word[:1].upper() + word[1:] for word in tail)
