"""The data card of a workspace (Gebru et al., CACM 2021): where it came from, what is in it, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audit.cards import Card, Section, Table
from core.audit.wording import Wording, moment, number, percent
from core.catalogue.sources import Source
from core.domain import Ledger, Product
from core.extract.tokens import has_cjk

MOST_ROWS = 12


@dataclass(frozen=True, eq=False)
class Holdings:
    """What a workspace holds. ``events`` counts by kind; ``period`` is the first and last event in epoch seconds;
    ``per_shopper`` the events of each; ``relations`` the facts by relation; ``hits`` the products in whose texts a rule
    finds something, by rule; ``hits`` is None where nobody has looked."""

    name: str
    catalogue_hash: str
    graph_hash: str
    products: Sequence[Product]
    sources: Sequence[Source]
    counts: Mapping[str, int]
    events: Mapping[str, int]
    period: tuple[float, float] | None
    per_shopper: Sequence[int]
    relations: Mapping[str, int]
    ledger: Ledger
    hits: Mapping[str, int] | None
    withheld: int
    left_out: int


def data_card(found: Holdings, words: Wording) -> Card:
    """The card; deterministic for the same holdings."""
    say = words.say
    sections = (
        Section(
            say("identity"),
            (
                (say("workspace"), found.name),
                (say("catalogue_hash"), found.catalogue_hash),
                (say("graph_hash"), found.graph_hash),
            ),
        ),
        _sources(found, words),
        _products(found, words),
        _events(found, words),
        _facts(found, words),
        _texts(found, words),
        Section(say("personal"), notes=(say("personal_note"),)),
        Section(say("limits"), notes=tuple(_limits(found, words))),
    )
    return Card(say("data_title", name=found.name), say("data_lead"), sections, words.language)


def _sources(found: Holdings, words: Wording) -> Section:
    say = words.say
    rows = tuple(
        (
            one.name,
            words.of("kind", str(one.kind)),
            words.of("origin", str(one.origin)),
            moment(one.imported_at),
            number(one.rows_ok),
            number(one.rows_quarantined),
            one.content_hash[:12],
        )
        for one in found.sources
    )
    head = (
        say("source"),
        say("kind"),
        say("origin"),
        say("imported"),
        say("rows"),
        say("set_aside"),
        say("hash"),
    )
    return Section(
        say("sources"), tables=(Table(head, rows),) if rows else (), notes=() if rows else (say("none"),)
    )


def _products(found: Holdings, words: Wording) -> Section:
    say, products = words.say, found.products
    total = len(products)

    def share(count: int) -> str:
        return percent(count / total) if total else "–"

    missing = (
        ("description", sum(not one.description for one in products)),
        ("brand", sum(not one.brand for one in products)),
        ("category", sum(not one.category for one in products)),
        ("price", sum(one.price is None for one in products)),
    )
    twins = total - len({one.title.casefold() for one in products})
    pairs = (
        (say("products"), number(total)),
        (say("chinese"), share(sum(has_cjk(one.title) for one in products))),
        *((say("missing", field=say(f"field_{name}")), share(count)) for name, count in missing),
        (say("same_titles"), number(twins)),
    )
    shelves = Counter(one.category or words.say("group_none") for one in products).most_common(MOST_ROWS)
    table = Table((say("category"), say("products")), tuple((name, number(count)) for name, count in shelves))
    return Section(say("products_title"), pairs, (table,) if shelves else ())


def _events(found: Holdings, words: Wording) -> Section:
    say = words.say
    if not found.per_shopper:
        return Section(say("events"), notes=(say("none"),))
    ordered = sorted(found.per_shopper)
    pairs = (
        (say("shoppers"), number(len(ordered))),
        (say("events"), number(sum(found.events.values()))),
        (say("median"), number(ordered[len(ordered) // 2])),
        (say("most"), number(ordered[-1])),
        (say("period"), f"{moment(found.period[0])} – {moment(found.period[1])}" if found.period else "–"),
        (say("reviews"), number(found.counts.get("reviews"))),
        (say("left_out"), number(found.left_out)),
    )
    rows = tuple((words.of("event", kind), number(count)) for kind, count in sorted(found.events.items()))
    return Section(say("events"), pairs, (Table((say("kind"), say("count")), rows),))


def _facts(found: Holdings, words: Wording) -> Section:
    say, ledger = words.say, found.ledger
    total = sum(found.relations.values())
    pairs = (
        (say("facts"), number(total)),
        (say("extracted"), number(ledger.extracted)),
        (say("committed"), number(ledger.committed)),
        (say("merged"), number(ledger.merged)),
        (say("quarantined"), number(ledger.quarantined)),
        (say("rejected"), number(ledger.rejected)),
    )
    rows = tuple(
        (words.relation(name), number(count), percent(count / total))
        for name, count in sorted(found.relations.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_ROWS]
    )
    return Section(
        say("facts_title"),
        pairs,
        (Table((say("relation"), say("facts"), say("share")), rows),) if rows else (),
    )


def _texts(found: Holdings, words: Wording) -> Section:
    say = words.say
    if found.hits is None:
        return Section(say("texts"), notes=(say("texts_none"),))
    rows = tuple((rule, number(count)) for rule, count in sorted(found.hits.items()))
    table = (Table((say("rule"), say("products")), rows),) if rows else ()
    return Section(
        say("texts"),
        ((say("withheld"), number(found.withheld)),),
        table,
        () if rows else (say("texts_clean"),),
    )


def _limits(found: Holdings, words: Wording) -> list[str]:
    say = words.say
    told = [say("limit_sample")] if any(str(one.origin) == "sample" for one in found.sources) else []
    if found.counts.get("quarantined"):
        told.append(say("limit_quarantine", n=number(found.counts["quarantined"])))
    thin = [one for one in found.products if not one.description]
    if thin:
        told.append(say("limit_thin", share=percent(len(thin) / len(found.products))))
    return [*told, say("limit_language"), say("limit_read")]
