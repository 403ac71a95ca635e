"""Facts and their evidence as safe HTML: chips, highlighted words, cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.domain import Fact, Product
from core.extract.normalise import NormalValue
from core.ontology import Family, family
from core.storage.workspaces import Workspace
from core.ui.charts import FAMILY_COLORS
from core.ui.text import has, percent, relation_label, standing_label, t

if TYPE_CHECKING:
    from core.graph.model import Graph


@dataclass(frozen=True, slots=True)
class Span:
    """Words to light up: ``text[start:end]`` in code points, in the colour of a family, named by ``label``."""

    start: int
    end: int
    family: Family
    label: str


def highlight(text: str, spans: Sequence[Span]) -> str:
    """The text as HTML with its spans marked; hostile text stays text.

    Of spans that overlap the longer stands, and of equal ones the first; spans outside the text are cut to it.
    """
    parts: list[str] = []
    position = 0
    for span in _apart(spans, len(text)):
        parts.append(escape(text[position : span.start]))
        color = FAMILY_COLORS[span.family]
        words = escape(text[span.start : span.end])
        label = escape(span.label, quote=True)
        parts.append(f'<mark class="sg-mark" style="--sg-family:{color}" title="{label}">{words}</mark>')
        position = span.end
    parts.append(escape(text[position:]))
    return f'<span class="sg-text">{"".join(parts)}</span>'


def chip(relation: str, label: str, *, title: str = "") -> str:
    """A fact as a small chip: the relation's name and the value, edged in the family's colour."""
    color = FAMILY_COLORS[family(relation)]
    hint = f' title="{escape(title, quote=True)}"' if title else ""
    name = f'<span class="sg-chip-relation">{escape(relation_label(relation))}</span>' if relation else ""
    return (
        f'<span class="sg-chip" style="--sg-family:{color}"{hint}>{name}<span>{escape(label)}</span></span>'
    )


def chips(facts: Iterable[tuple[str, str]]) -> str:
    """Several chips in a row that wraps: (relation, label) each."""
    return f'<div class="sg-chips">{"".join(chip(relation, label) for relation, label in facts)}</div>'


def legend(families: Iterable[Family]) -> str:
    """The families' colours and names, for the foot of a picture."""
    from core.ui.text import family_label

    entries = (
        f'<span class="sg-legend" style="--sg-family:{FAMILY_COLORS[entry]}">{escape(family_label(entry))}</span>'
        for entry in families
    )
    return f'<div class="sg-chips">{"".join(entries)}</div>'


def evidence(workspace: Workspace, fact_id: str) -> None:
    """Draw every assertion behind a fact: its source text with the words lit up, who read it, and how surely."""
    from core.graph.store import GraphStore

    store = GraphStore(workspace)
    graph = store.graph()
    fact = graph.facts.get(fact_id)
    if fact is not None and fact.derivations:
        _derivations(workspace, graph, fact)
        return
    found = store.evidence(fact_id)
    if not found:
        st.caption(t("common.evidence_none"))
        return
    for entry in found:
        assertion, document = entry.assertion, entry.document
        span = Span(
            assertion.start, assertion.end, family(assertion.relation), relation_label(assertion.relation)
        )
        meta = (
            t(
                "common.evidence_document",
                field=field_label(document.field),
                product=subject_label(document.product_id),
            ),
            _said_as(graph.relation_of(assertion, document.source_id), assertion.relation),
            t("common.evidence_read_by", extractor=assertion.extractor),
            t("common.conf_short", value=percent(assertion.confidence)),
            standing_label(entry.standing),
            normalised(assertion.object, entry.value),
        )
        st.html(
            f'<figure class="sg-evidence"><blockquote>{highlight(document.text, [span])}</blockquote>'
            f"<figcaption>{' · '.join(escape(part) for part in meta if part)}</figcaption></figure>"
        )


def _derivations(workspace: Workspace, graph: Graph, fact: Fact) -> None:
    """Draw each rule that a fact follows by, in its words, and the evidence of what it followed from."""
    for way in fact.derivations:
        rule = graph.implications[way.rule].text
        st.html(
            f'<p class="sg-quiet">{escape(t("common.evidence_rule"))}</p><div class="sg-rule">{escape(rule)}</div>'
        )
        for premise in way.premises:
            known = graph.facts[premise]
            st.html(chips([(known.relation, graph.label(known.object))]))
            evidence(workspace, premise)


def _said_as(relation: str, said: str) -> str:
    return "" if said == relation else t("common.evidence_said_as", relation=relation_label(said))


def subject_label(subject: str) -> str:
    """What an assertion is about: the product's id, or the words of a value."""
    from core.graph.model import named_value

    value = named_value(subject)
    return value[1] if value else subject


def normalised(surface: str, value: NormalValue | None) -> str:
    """What words became and by which rule, in one line: “1500 ml” → 1.5 l (brought to one unit); "" where they stayed
    as they are but for capitals."""
    if value is None or (value.label.casefold() == surface.casefold() and value.rule != "gtin_invalid"):
        return ""
    rule = t(f"ontology.rule_{value.rule}")
    return t("common.evidence_value", surface=surface, value=value.label, rule=rule)


def product_card(
    product: Product, *, note: str = "", facts: Iterable[tuple[str, str]] = (), badge: str = ""
) -> None:
    """Draw a product: title, brand, category and price in one line, a note, and facts as chips."""
    price = (
        t("common.price_unknown")
        if product.price is None
        else f"{product.price:,.2f} {product.currency or ''}".strip()
    )
    meta = " · ".join(escape(part) for part in (product.brand, product.category, price) if part)
    shown = "".join(chip(relation, label) for relation, label in facts)
    st.html(
        '<div class="sg-card">'
        + (f'<span class="sg-badge">{escape(badge)}</span>' if badge else "")
        + f'<div class="sg-card-title">{escape(product.title)}</div><div class="sg-card-meta">{meta}</div>'
        + (f'<div class="sg-card-note">{escape(note)}</div>' if note else "")
        + (f'<div class="sg-chips">{shown}</div>' if shown else "")
        + "</div>"
    )


def field_label(field: str) -> str:
    """The name of a document's field: "Title", or the column of an attribute as the shop wrote it."""
    key = f"ontology.field_{field}"
    return t(key) if has(key) else field.removeprefix("attr:")


def _apart(spans: Sequence[Span], length: int) -> list[Span]:
    taken: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        start, end = max(span.start, 0), min(span.end, length)
        if start < end and all(end <= other.start or other.end <= start for other in taken):
            taken.append(Span(start, end, span.family, span.label))
    return sorted(taken, key=lambda s: s.start)
