"""From an assertion to the nodes it speaks of: canonical values, and products of the catalogue that a text means."""

from __future__ import annotations

from sys import intern
from typing import NamedTuple

from core.domain import Assertion
from core.extract.normalise import normalise
from core.graph.mentions import Mentions
from core.graph.model import Policy, product_node
from core.ontology import relation as relation_of

PRODUCT_TYPE = "producttype"


class Claim(NamedTuple):
    """What the fold keeps of an assertion. ``object`` is the node of its value before any merge."""

    id: str
    subject: str
    relation: str
    object: str
    label: str
    surface: str
    document_id: str
    extractor: str
    schema_version: str
    confidence: float
    fits: bool


class Values:
    """Makes claims of assertions; equal words under equal relations are normalised once."""

    def __init__(self, mentions: Mentions, policy: Policy) -> None:
        self._mentions = mentions
        self._policy = policy
        self._known: dict[tuple[str, str], tuple[str, str, bool]] = {}
        self._types = {"product": "Product", PRODUCT_TYPE: "ProductType"}

    def claim(self, assertion: Assertion) -> Claim:
        """The claim an assertion makes."""
        relation = intern(assertion.relation)
        subject = intern(product_node(assertion.subject))
        key = (relation, assertion.object)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._value(relation, assertion.object)
        node, label, fits = found
        if node == subject:
            node, label = self._type_node(relation, assertion.object)
        return Claim(
            assertion.id,
            subject,
            relation,
            node,
            label,
            intern(assertion.object),
            intern(assertion.document_id),
            intern(assertion.extractor),
            intern(assertion.schema_version),
            assertion.confidence,
            fits,
        )

    def node_type(self, node_id: str) -> str:
        """The class of a node, such as "Material"."""
        prefix = node_id.partition(":")[0]
        return self._types.get(prefix, prefix.capitalize())

    def _value(self, relation: str, surface: str) -> tuple[str, str, bool]:
        kind = relation_of(relation).node_type
        if kind == "Product":
            product = self._mentions.product(surface)
            if product is not None:
                return intern(product_node(product)), surface, True
            return (*self._type_node(relation, surface), True)
        value = normalise(relation, surface)
        prefix = kind.lower()
        self._types.setdefault(prefix, kind)
        fits = relation not in self._policy.numeric or any(c.isnumeric() for c in value.key + surface)
        return intern(f"{prefix}:{value.key}"), value.label, fits and any(c.isalnum() for c in surface)

    def _type_node(self, relation: str, surface: str) -> tuple[str, str]:
        value = normalise(relation, surface)
        return intern(f"{PRODUCT_TYPE}:{value.key}"), value.label
