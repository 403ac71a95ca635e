"""From an assertion to the nodes it speaks of: canonical values, and products of the catalogue that a text means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from sys import intern
from typing import Any, NamedTuple

from core.domain import Assertion
from core.extract.normal_rules import Rule
from core.extract.normalise import normalise
from core.graph.alignments import NOT_ALIGNED, Alignments
from core.graph.logic import Condition, Implication
from core.graph.mentions import Mentions
from core.graph.model import PRODUCT, Policy, Title, named_value, product_node, value_subject
from core.ontology import relation as relation_of

PRODUCT_TYPE = "producttype"
_Named = tuple[str, str, str]


class Claim(NamedTuple):
    """What the fold keeps of an assertion.

    ``relation`` is the one it counts under, ``said`` the one it was made with; ``object`` is the node of its value
    before any merge. Of a claim about a value ``named`` has what names it: relation, words, and the label they give.
    """

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
    said: str
    source: str
    named: _Named | None = None


class Values:
    """Makes claims of assertions; equal words under equal relations are normalised once."""

    def __init__(self, titles: Mapping[str, Title], policy: Policy) -> None:
        self._titles = titles
        self._policy = policy
        self._rules: dict[str, Mapping[str, Rule]] = {}
        self._known: dict[tuple[str, str, str], tuple[str, str, bool]] = {}
        self._types = {"product": "Product", PRODUCT_TYPE: "ProductType"}
        self.alignments: Alignments = NOT_ALIGNED

    def claim(self, assertion: Assertion, source: str = "") -> Claim:
        """The claim an assertion makes; ``source`` is that of its document."""
        said, version, source = intern(assertion.relation), intern(assertion.schema_version), intern(source)
        relation = self.alignments.relation(said, source, version)
        about, named = self._named(assertion.subject, source, version)
        subject = about or intern(product_node(assertion.subject))
        node, label, fits = self._object(subject, relation, assertion.object, version, named)
        return Claim(
            assertion.id,
            subject,
            relation,
            node,
            label,
            intern(assertion.object),
            intern(assertion.document_id),
            intern(assertion.extractor),
            version,
            assertion.confidence,
            fits,
            said,
            source,
            named,
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

    def realigned(self, claim: Claim) -> bool:
        """Whether an alignment may have changed what a claim says since it was made."""
        if claim.named is not None:
            return True
        return claim.relation != self.alignments.relation(claim.said, claim.source, claim.schema_version)

    def again(self, claim: Claim) -> Claim:
        """The claim with its relation aligned and its values normalised by what is known now."""
        version, subject, named = claim.schema_version, claim.subject, claim.named
        if named:
            subject, named = self._named(value_subject(*named[:2]), claim.source, version)
        relation = self.alignments.relation(claim.said, claim.source, version)
        node, label, fits = self._object(subject, relation, claim.surface, version, named)
        return claim._replace(
            subject=subject, relation=relation, object=node, label=label, fits=fits, named=named
        )

    def implication(
        self, rule_id: str, data: Mapping[str, Any], resolve: Callable[[str], str]
    ) -> Implication:
        """A rule of the log, with the nodes that its words name now; whatever schema's way of normalising they had."""
        relation = self.alignments.relation(data["then"]["relation"])
        node, label, _fits = self._of("", relation, data["then"]["value"], "")
        conditions = tuple(self._condition(part, resolve) for part in data["if"])
        return Implication(rule_id, conditions, relation, resolve(node), label, str(data.get("text", "")))

    def _condition(self, part: Mapping[str, Any], resolve: Callable[[str], str]) -> Condition:
        relation = self.alignments.relation(part["relation"])
        nodes = (
            self._of("", relation, words, version)[0]
            for words in part.get("values", ())
            for version in ("", *self._rules)
        )
        comparison, bound = str(part.get("comparison", "")), str(part.get("bound", ""))
        return Condition(relation, frozenset(map(resolve, nodes)), comparison, bound)

    def _named(self, subject: str, source: str, version: str) -> tuple[str, _Named | None]:
        """(node, what names it) of a subject that is a value; ("", None) for a product."""
        value = named_value(subject)
        if value is None:
            return "", None
        said, words = value
        node, label, _fits = self._of("", self.alignments.relation(said, source, version), words, version)
        return node, (said, words, label)

    def _object(
        self, subject: str, relation: str, surface: str, version: str, named: _Named | None
    ) -> tuple[str, str, bool]:
        """A broader value is of the type of the value that it is broader than."""
        kind = named[0] if named and relation_of(relation).same_type else relation
        return self._of(subject, kind, surface, version)

    def _of(self, subject: str, relation: str, surface: str, version: str) -> tuple[str, str, bool]:
        rule = self._rules[version].get(relation) if version in self._rules else None
        key = (relation, surface, version if rule else "")
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._value(relation, surface, rule)
        node, _label, fits = found
        itself = node == subject and node.startswith(PRODUCT)
        return (*self._type_node(relation, surface), fits) if itself else found

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
