"""The hand-written sample catalogue: YAML with marked facts in, plain text with exact spans out.

Authors write ``[[surface text|relation]]``; the surface text stays, its code-point span becomes a gold fact.
``python -m core.catalogue.sample`` compiles ``assets/sample/catalogue`` into the committed files of ``assets/sample``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.errors import UnreadableFile
from core.ontology import RELATIONS

_MARK = re.compile(r"\[\[([^\[\]|]+)\|([A-Za-z]+)\]\]")
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KEYS = frozenset(
    {"id", "brand", "category", "price", "currency", "popularity", "title", "description", "reviews"}
)


@dataclass(frozen=True, slots=True)
class GoldFact:
    """A fact that the words ``text[start:end]`` of one field state; offsets are code points, end exclusive."""

    relation: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A field as a shopper reads it, with its gold facts in order of appearance."""

    text: str
    facts: tuple[GoldFact, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleReview:
    """A review of a sample product; its facts are what is praised and criticised."""

    rating: int
    body: MarkedText


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """One product as its author wrote it.

    ``brand``, ``category`` and ``price`` are the structured columns, given for only a part of the products;
    ``group`` is its category, or that of the last product before it in the file that has one (a file is in order of
    categories); ``popularity`` (1 to 5) is seen by the simulator only.
    """

    id: str
    group: str
    title: MarkedText
    description: MarkedText
    brand: str | None = None
    category: str | None = None
    price: float | None = None
    currency: str = "EUR"
    popularity: int = 1
    reviews: tuple[SampleReview, ...] = ()

    @property
    def language(self) -> str:
        """``zh`` where the title has Chinese characters, else ``en``."""
        return "zh" if _CJK.search(self.title.text) else "en"

    @property
    def facts(self) -> frozenset[tuple[str, str]]:
        """(relation, value) pairs that title and description state; values folded, so equal wordings are equal."""
        marked = (*self.title.facts, *self.description.facts)
        return frozenset((fact.relation, fold_value(fact.value)) for fact in marked)


def fold_value(value: str) -> str:
    """The form in which two wordings count as the same value."""
    return value.strip().casefold()


def parse_marked(source: str) -> MarkedText:
    """Take the marks out of a text; raises ValueError for a malformed mark or an unknown relation."""
    pieces: list[str] = []
    facts: list[GoldFact] = []
    length = position = 0
    for mark in _MARK.finditer(source):
        before, value, relation = source[position : mark.start()], mark[1], mark[2]
        if relation not in RELATIONS:
            raise ValueError(f"unknown relation {relation!r} on {value!r}")
        if value != value.strip():
            raise ValueError(f"white space at the edge of the mark {value!r}")
        start = length + len(before)
        length = start + len(value)
        facts.append(GoldFact(relation, value, start, length))
        pieces += (before, value)
        position = mark.end()
    pieces.append(source[position:])
    text = "".join(pieces)
    if "[[" in text or "]]" in text:
        raise ValueError(f"malformed mark in {text[:60]!r}")
    return MarkedText(text, tuple(facts))


def load_catalogue(folder: Path) -> list[SampleProduct]:
    """All products of the YAML files in a folder, by file name, then in the order written.

    Raises UnreadableFile, which names the file and the product, for anything that is not in the authoring format.
    """
    products: list[SampleProduct] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml"), key=lambda item: item.name):
        entries = _entries(path)
        group = next((str(entry["category"]) for entry in entries if entry.get("category")), path.stem)
        for index, entry in enumerate(entries):
            group = str(entry.get("category") or group)
            name = str(entry.get("id") or f"entry {index + 1}")
            try:
                product = _product(entry, group)
            except (KeyError, TypeError, ValueError) as error:
                what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
                raise _unreadable(path, what, name) from error
            if product.id in seen:
                raise _unreadable(path, f"the id is taken already in {seen[product.id]}", name)
            seen[product.id] = path.name
            products.append(product)
    return products


def _entries(path: Path) -> list[Mapping[str, Any]]:
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _unreadable(path, f"not readable as UTF-8 YAML: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _unreadable(path, "is not a list of products")
    return entries


def _product(entry: Mapping[str, Any], group: str) -> SampleProduct:
    unknown = sorted(str(key) for key in entry.keys() - _KEYS)
    if unknown:
        raise ValueError(f"unknown keys {', '.join(unknown)}")
    popularity = int(entry.get("popularity", 1))
    if not 1 <= popularity <= 5:
        raise ValueError(f"popularity {popularity} is not 1 to 5")
    price = entry.get("price")
    if price is not None and float(price) <= 0:
        raise ValueError(f"price {price} is not positive")
    return SampleProduct(
        id=str(entry["id"]),
        group=group,
        title=parse_marked(str(entry["title"])),
        description=parse_marked(str(entry["description"])),
        brand=_optional(entry.get("brand")),
        category=_optional(entry.get("category")),
        price=None if price is None else float(price),
        currency=str(entry.get("currency", "EUR")),
        popularity=popularity,
        reviews=tuple(_review(item) for item in entry.get("reviews") or ()),
    )


def _review(item: Mapping[str, Any]) -> SampleReview:
    rating = int(item["rating"])
    if not 1 <= rating <= 5:
        raise ValueError(f"rating {rating} is not 1 to 5")
    return SampleReview(rating, parse_marked(str(item["text"])))


def _optional(value: Any) -> str | None:
    return None if value is None else str(value)


def _unreadable(path: Path, what: str, product: str = "") -> UnreadableFile:
    where = f"{path.name}, {product}" if product else path.name
    return UnreadableFile(what, where=where, remedy="See assets/sample/README.md for the format.")


def main() -> None:
    """Compile the sample of this repository in place."""
    from core.catalogue.sample_files import compile_sample, write_sample
    from core.settings import ASSETS

    folder = ASSETS / "sample"
    write_sample(compile_sample(folder / "catalogue"), folder)


if __name__ == "__main__":
    main()
