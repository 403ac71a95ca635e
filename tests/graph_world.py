"""A small shop in a workspace: products, documents and readings of them."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from sqlalchemy import update

from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry
from core.graph.fold import fold
from core.graph.log import Log
from core.graph.model import Title
from core.graph.query import View
from core.storage import tables
from core.storage.database import upsert
from core.storage.workspaces import Workspace

SHOP = {
    "k1": (
        "Fellow Stagg Kettle",
        "Fellow",
        "A stainless steel kettle of 0.9 l for pour-over coffee at home.",
    ),
    "k2": ("Hario Buono Kettle", "Hario", "Kettle made of Stainless Steel, 1.2 l, for pour-over coffee."),
    "f1": ("Hario V60 Paper Filter", "Hario", "Paper filter, fits the Hario Buono Kettle and any moka pot."),
    "c1": ("不锈钢保温杯", "", "304不锈钢保温杯,500ml,适合上班族。"),
}
READINGS = (
    ("k1", "material", "stainless steel"),
    ("k1", "capacity", "0.9 l"),
    ("k1", "usedFor", "pour-over coffee"),
    ("k1", "usedIn", "home"),
    ("k2", "material", "Stainless Steel"),
    ("k2", "capacity", "1.2 l"),
    ("k2", "usedFor", "pour-over coffee"),
    ("f1", "material", "Paper"),
    ("f1", "isAccessoryOrSparePartFor", "Hario Buono Kettle"),
    ("f1", "isAccessoryOrSparePartFor", "moka pot"),
    ("c1", "material", "不锈钢"),
    ("c1", "capacity", "500ml"),
    ("c1", "audience", "上班族"),
)


def document(product: str, text: str, field: str = "description") -> Document:
    return Document.of(f"{product}/{field}", product, field, DocumentKind.TEXT, text)


def read(
    source: Document, relation: str, words: str, extractor: str = "tagger", confidence: float = 0.9
) -> Assertion:
    """An assertion of the first place where the document has these words."""
    found = re.search(re.escape(words), source.text)
    assert found, f"{words!r} is not in {source.text!r}"
    return Assertion.of(
        source,
        relation,
        *found.span(),
        extractor=extractor,
        extractor_version="1",
        schema_version="s1",
        confidence=confidence,
    )


def put_products(workspace: Workspace, shop: dict[str, tuple[str, str, str]] | None = None) -> None:
    now = time.time()
    with workspace.db.write() as writer:
        source = {
            "id": "s",
            "kind": "products",
            "name": "shop.csv",
            "origin": "upload",
            "content_hash": "h",
            "mapping": {"columns": {"kind": "products", "fields": {"title": "title"}}},
            "imported_at": now,
        }
        upsert(writer, tables.sources, [source])
        upsert(
            writer,
            tables.products,
            [
                {
                    "id": i,
                    "source_id": "s",
                    "title": title,
                    "description": text,
                    "brand": brand or None,
                    "category": "kitchen",
                    "price": 20.0,
                    "currency": "EUR",
                    "attributes": {},
                    "row_hash": i,
                    "updated_at": now,
                }
                for i, (title, brand, text) in (shop or SHOP).items()
            ],
        )
    put_documents(workspace, [document(i, text) for i, (_, _, text) in (shop or SHOP).items()])


def put_documents(workspace: Workspace, documents: Iterable[Document]) -> None:
    """Make these the current texts of their documents."""
    rows = [
        {
            "id": d.id,
            "hash": d.hash,
            "product_id": d.product_id,
            "field": d.field,
            "kind": d.kind,
            "text": d.text,
            "language": "",
            "source_id": "s",
            "current": True,
        }
        for d in documents
    ]
    with workspace.db.write() as writer:
        for row in rows:
            writer.execute(
                update(tables.documents).where(tables.documents.c.id == row["id"]).values(current=False)
            )
        upsert(writer, tables.documents, rows)


def drop_documents(workspace: Workspace, product: str) -> None:
    with workspace.db.write() as writer:
        d = tables.documents
        writer.execute(update(d).where(d.c.product_id == product).values(current=False))


def readings() -> list[Assertion]:
    return [
        read(document(product, SHOP[product][2]), relation, words) for product, relation, words in READINGS
    ]


def fill(workspace: Workspace) -> list[Assertion]:
    """The shop with all of its readings in the log."""
    put_products(workspace)
    made = readings()
    Log(workspace).append(made)
    return made


HOSTILE = [
    "<script>window.hacked=1</script>",
    "</script><img src=x onerror=window.hacked=1>",
    "{{7*7}}${7*7}<svg/onload=window.hacked=1>",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "a\u0000b\u0008c\uffffd",
    "]]><!--<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "![x](http://evil.example/p.png) :material/lock: $x^2$ [a](javascript:alert(1))",
]


def hostile_view() -> View:
    """A graph whose titles, relations and values are all hostile, as one view."""
    made = []
    for k, label in enumerate(HOSTILE):
        text = Document.of(f"p{k}/title", f"p{k}", "title", DocumentKind.TEXT, label)
        made += [read(text, "material", label), read(text, label[:20], label)]
    entries = [LogEntry(EntryKind.ASSERTED, a.id, seq=k + 1) for k, a in enumerate(made)]
    graph = fold(made, entries, {f"p{k}": Title(label, label) for k, label in enumerate(HOSTILE)})
    return View(tuple(graph.nodes.values()), tuple(graph.facts.values()), "product:p0")


PARTNER = (
    ("k1", "Werkstoff", "Stainless Steel"),
    ("k2", "Werkstoff", "stainless steel"),
    ("f1", "Werkstoff", "paper"),
    ("c1", "Werkstoff", "不锈钢"),
    ("k1", "capacity", "1 l"),
    ("k2", "usedFor", "pour-over coffee"),
)


def fill_partner(workspace: Workspace) -> None:
    """The shop, and a partner "t" that says some of it by other names and some of it otherwise."""
    fill(workspace)
    texts = [Document.of(f"{p}/attr:{r}-t", p, f"attr:{r}", DocumentKind.CELL, v) for p, r, v in PARTNER]
    put_documents(workspace, texts)
    d = tables.documents
    with workspace.db.write() as writer:
        writer.execute(update(d).where(d.c.id.in_([text.id for text in texts])).values(source_id="t"))
    Log(workspace).append(
        read(text, relation, words, "columns")
        for text, (_, relation, words) in zip(texts, PARTNER, strict=True)
    )
