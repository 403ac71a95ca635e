"""A schema proposed from a sample of the catalogue: which attributes a category's products speak of.

Statistics and a language model look at the sample; what they find is put together by attribute. Each proposal says
who found it, in how many products, and shows values with the place where they stand: none is made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from core.domain import Document, DocumentKind, content_hash
from core.extract import quantity
from core.extract.findings import (
    SOURCES,
    Finding,
    commonest,
    definitions,
    find,
    language_of,
)
from core.extract.schema import Attribute, Schema
from core.extract.tagger import Tagger
from core.extract.tokens import has_cjk

SAMPLE = 60
QUOTES = 4
_LEAST_SHARE = {"columns": 0.03, "lines": 0.03, "quantities": 0.05, "tagger": 0.1, "model": 0.0}
_LEAST_PRODUCTS = 2
_TYPED = 0.7
_NOT_ASKED = frozenset(("category", "price", "currency"))


@dataclass(frozen=True, slots=True)
class Proposal:
    """An attribute that products of the sample speak of. ``products`` is in how many of them, ``share`` of how many
    looked at by the best source; ``quotes`` are distinct values with their places, the most frequent first; ``known``
    says that the schema defines it already, for other categories."""

    attribute: Attribute
    sources: tuple[str, ...]
    products: int
    share: float
    quotes: tuple[Finding, ...]
    known: bool

    @property
    def relation(self) -> str:
        """The attribute's relation."""
        return self.attribute.relation

    @property
    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """The quoted values by language."""
        made: dict[str, tuple[str, ...]] = {}
        for quote in self.quotes:
            language = language_of(quote.document)
            made[language] = (*made.get(language, ()), quote.value)
        return made

    @property
    def likely(self) -> bool:
        """Whether it is worth taking without a second thought: found by more than the model alone, and often."""
        return self.share >= 0.2 and set(self.sources) != {"model"}


@dataclass(frozen=True, slots=True)
class Sample:
    """Documents of some products of a category, without reviews. ``category`` is its name, "" for any."""

    category: str
    products: tuple[str, ...]
    documents: tuple[Document, ...] = field(repr=False)


def chosen(product_ids: Iterable[str], limit: int = SAMPLE) -> list[str]:
    """Which products to look at: spread over the catalogue, and the same each time."""
    return sorted(sorted(set(product_ids), key=content_hash)[:limit])


def sample_of(category: str, product_ids: Sequence[str], documents: Iterable[Document]) -> Sample:
    """The sample of these products."""
    texts = tuple(document for document in documents if document.kind is not DocumentKind.REVIEW)
    return Sample(category, tuple(product_ids), texts)


def statistics(sample: Sample, schema: Schema, tagger: Tagger | None = None) -> list[Finding]:
    """What can be found without a language model, in about a second."""
    return find(sample.documents, schema, sample.category, tagger)


def propose(
    sample: Sample, findings: Sequence[Finding], schema: Schema, asked: Iterable[str] = ()
) -> list[Proposal]:
    """Proposals from findings, those of most products first; attributes in ``asked`` are there already."""
    skipped = {*_NOT_ASKED, *asked}
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.relation not in skipped:
            groups.setdefault(finding.relation, []).append(finding)
    known = definitions(schema)
    own = {attribute.relation for attribute in schema.every}
    made = []
    for relation, group in groups.items():
        sources = tuple(s for s in SOURCES if _enough(group, s, len(sample.products)))
        if not sources:
            continue
        group = [finding for finding in group if finding.source in sources]
        attribute = known.get(relation) or _defined(relation, group)
        group = [finding for finding in group if is_of(attribute, finding.value)]
        products = {finding.document.product_id for finding in group}
        if group:
            made.append(
                Proposal(
                    attribute,
                    sources,
                    len(products),
                    len(products) / max(1, len(sample.products)),
                    tuple(_quotes(group)),
                    relation in own,
                )
            )
    return sorted(made, key=lambda p: (set(p.sources) == {"model"}, -p.products, p.relation))


def coverage(findings: Iterable[Finding], sample: Sample) -> dict[str, float]:
    """Share of the sampled products that speak of each relation, asked for or not."""
    products: dict[str, set[str]] = {}
    for finding in findings:
        products.setdefault(finding.relation, set()).add(finding.document.product_id)
    return {name: len(ids) / max(1, len(sample.products)) for name, ids in products.items()}


def _enough(group: Iterable[Finding], source: str, size: int) -> bool:
    """Whether a source saw it in enough products to be no accident."""
    products = {finding.document.product_id for finding in group if finding.source == source}
    least = max(min(_LEAST_PRODUCTS, size), ceil(_LEAST_SHARE[source] * size))
    return len(products) >= least


def is_of(attribute: Attribute, value: str) -> bool:
    """Whether a value is of the attribute's type and measures what it measures: no weight is a capacity."""
    if not attribute.fits(value):
        return False
    found = quantity.parse(value, attribute.relation, attribute.unit) if attribute.unit else None
    return found is None or found.kind == "count" or found.in_unit(attribute.unit) is not None


def _quotes(group: Sequence[Finding]) -> Iterable[Finding]:
    """One finding for each of the commonest values, of the best source that has it."""
    ranked = sorted(group, key=lambda finding: SOURCES.index(finding.source))
    for value in commonest(finding.value for finding in ranked)[:QUOTES]:
        yield next(finding for finding in ranked if finding.value == value)


def _defined(relation: str, group: Sequence[Finding]) -> Attribute:
    """A new attribute, called as the catalogue calls it, of the type that its values have."""
    labels = commonest(finding.label for finding in group if finding.label)
    label: dict[str, str] = {}
    for text in labels:
        label.setdefault("zh" if has_cjk(text) else "en", text[:1].upper() + text[1:])
    values = [finding.value for finding in group]
    for attribute in _typed(relation, label or {"en": relation}, values):
        if sum(attribute.fits(value) for value in values) >= _TYPED * len(values):
            return attribute
    return Attribute(relation, label or {"en": relation})


def _typed(relation: str, label: Mapping[str, str], values: Sequence[str]) -> Iterable[Attribute]:
    parsed = [quantity.parse(value, relation) for value in values]
    found = [one for one in parsed if one is not None and one.kind != "count"]
    units = Counter(one.base for one in found)
    if units:
        yield Attribute(relation, label, value_type="quantity", unit=units.most_common(1)[0][0])
    yield Attribute(relation, label, value_type="count")
