"""From an assertion to the nodes it speaks of: canonical values, and products of the catalogue that a text means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from sys import intern
from typing import NamedTuple

from core.domain import Assertion
from core.extract.normal_rules import Rule
from core.extract.normalise import normalise
from core.graph.mentions import Mentions
from core.graph.model import Policy, Title, product_node
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

    def __init__(self, titles: Mapping[str, Title], policy: Policy) -> None:
        self._titles = titles
        self._policy = policy
        self._rules: dict[str, Mapping[str, Rule]] = {}
        self._known: dict[tuple[str, str, str], tuple[str, str, bool]] = {}
        self._types = {"product": "Product", PRODUCT_TYPE: "ProductType"}

    def claim(self, assertion: Assertion) -> Claim:
        """The claim an assertion makes."""
        relation = intern(assertion.relation)
        subject = intern(product_node(assertion.subject))
        node, label, fits = self._of(subject, relation, assertion.object, assertion.schema_version)
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

    @cached_property
    def _mentions(self) -> Mentions:
        """Made when the first text names a product: a catalogue may be large, and most never do."""
        return Mentions(self._titles)

    def retitle(self, titles: Mapping[str, Title]) -> None:
        """Take in what products are called now; what texts mean by their words has to be asked again."""
        self._titles = titles
        self.__dict__.pop("_mentions", None)
        self._known = {
            key: found for key, found in self._known.items() if relation_of(key[0]).node_type != "Product"
        }

    @property
    def rules(self) -> Mapping[str, Mapping[str, Rule]]:
        """The rules of each schema version that has any."""
        return dict(self._rules)

    def rules_of(self, version: str, rules: Mapping[str, Rule]) -> bool:
        """Take in how a schema version normalises; returns whether that is news."""
        news = self._rules.get(version, {}) != rules
        if news:
            self._known = {key: found for key, found in self._known.items() if key[2] != version}
        if rules:
            self._rules[version] = rules
        else:
            self._rules.pop(version, None)
        return news

    def again(self, claim: Claim) -> Claim:
        """The claim with its value normalised by the rules as they are now."""
        node, label, fits = self._of(claim.subject, claim.relation, claim.surface, claim.schema_version)
        return claim._replace(object=node, label=label, fits=fits)

    def _of(self, subject: str, relation: str, surface: str, version: str) -> tuple[str, str, bool]:
        rule = self._rules[version].get(relation) if version in self._rules else None
        key = (relation, surface, version if rule else "")
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._value(relation, surface, rule)
        node, _label, fits = found
        return (*self._type_node(relation, surface), fits) if node == subject else found

    def node_type(self, node_id: str) -> str:
        """The class of a node, such as "Material"."""
        prefix = node_id.partition(":")[0]
        return self._types.get(prefix, prefix.capitalize())

    def _value(self, relation: str, surface: str, rule: Rule | None) -> tuple[str, str, bool]:
        kind = relation_of(relation).node_type
        if kind == "Product":
            product = self._mentions.product(surface)
            if product is not None:
                return intern(product_node(product)), surface, True
            return (*self._type_node(relation, surface), True)
        value = normalise(relation, surface, rule)
        prefix = kind.lower()
        self._types.setdefault(prefix, kind)
        fits = relation not in self._policy.numeric or any(c.isnumeric() for c in value.key + surface)
        return intern(f"{prefix}:{value.key}"), value.label, fits and any(c.isalnum() for c in surface)

    def _type_node(self, relation: str, surface: str) -> tuple[str, str]:
        value = normalise(relation, surface)
        return intern(f"{PRODUCT_TYPE}:{value.key}"), value.label
