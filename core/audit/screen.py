"""What rules find in product texts: the quote, its place, the rule, and whether the product waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.audit.folding import views
from core.audit.rules import TextRule, finder, harmless, rules_hash
from core.domain import Product, content_hash
from core.recommend.withheld import Held

FIELDS = ("title", "description", "brand")
"""The fields of a product that are read, and its further columns by name."""
MOST_OF_A_RULE = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """``quote`` is ``text[start:end]`` of the field, in code points, as the seller wrote it."""

    rule: str
    hold: bool
    field: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Screened:
    """A product with hits. ``about`` is the content hash of all its texts: what a decision is about."""

    product: str
    about: str
    hits: tuple[Hit, ...]

    @property
    def hold(self) -> bool:
        """Whether it is not shown until a person has looked."""
        return any(hit.hold for hit in self.hits)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of_plain(raw: Mapping[str, Any]) -> Screened:
        """Back from what ``plain`` gave."""
        return Screened(raw["product"], raw["about"], tuple(Hit(**hit) for hit in raw["hits"]))


def texts_of(product: Product) -> dict[str, str]:
    """The texts of a product by field."""
    own = {"title": product.title, "description": product.description, "brand": product.brand or ""}
    return {name: text for name, text in {**own, **product.attributes}.items() if text}


def about(product: Product) -> str:
    """The content hash of a product's texts."""
    return content_hash(*(part for pair in sorted(texts_of(product).items()) for part in pair))


def screen(
    products: Iterable[Product], rules: Sequence[TextRule], check: Callable[[], None] = lambda: None
) -> list[Screened]:
    """The products in whose texts a rule finds something, in their order."""
    found = []
    for product in products:
        check()
        hits = tuple(hit for name, text in texts_of(product).items() for hit in hits_in(text, rules, name))
        if hits:
            found.append(Screened(product.id, about(product), hits))
    return found


def hits_in(text: str, rules: Sequence[TextRule], field: str = "text") -> list[Hit]:
    """What the rules find in one text, by place; of hits of one rule that overlap the longest."""
    seen = list(views(text))
    found: list[Hit] = []
    for rule in rules:
        spans = _apart(sorted(_spans(seen, rule), key=lambda span: (span[0] - span[1], span)))
        found += [
            Hit(rule.id, rule.hold, field, start, end, text[start:end])
            for start, end in sorted(spans)[:MOST_OF_A_RULE]
        ]
    return sorted(found, key=lambda hit: (hit.start, hit.end, hit.rule))


def held(screened: Iterable[Screened]) -> list[Held]:
    """Those that wait for a person, as serving wants to know them."""
    return [Held(one.product, one.about) for one in screened if one.hold]


def stamp(catalogue_hash: str, rules: Sequence[TextRule]) -> str:
    """Equal stamps, equal hits: the catalogue and the rules have not changed."""
    return content_hash(catalogue_hash, rules_hash(rules))


def _spans(seen: Sequence[Any], rule: TextRule) -> set[tuple[int, int]]:
    spans = set()
    for view in seen:
        free = [match.span() for match in harmless(rule).finditer(view.text)]
        for match in finder(rule, apart=view.apart).finditer(view.text):
            start, end = match.span()
            if start < end and not any(start < stop and begin < end for begin, stop in free):
                spans.add(view.span(start, end))
    return spans


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if not any(start < stop and begin < end for begin, stop in kept):
            kept.append((start, end))
    return kept
