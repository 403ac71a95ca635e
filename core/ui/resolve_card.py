"""Two entries side by side: what they say, where they differ, and why they are taken for one thing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from core.graph.matches import Candidate
from core.graph.model import Graph, product_id
from core.graph.resolve.records import unaccented
from core.ui.session import CatalogueView
from core.ui.text import number, percent, t, type_label

_WORD = re.compile(r"[^\W_]+(?:[.,'’-][^\W_]+)*")
_TEXT = 220
_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the two entries, ready to draw."""

    title: str
    source: str = ""
    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def shown(node: str, graph: Graph, catalogue: CatalogueView, sources: Mapping[str, str]) -> Shown:
    """What a node is called, and what is known of it."""
    identity = product_id(node)
    if identity is None:
        known = graph.nodes.get(node)
        title = known.label if known else node.partition(":")[2]
        facts = t("resolve.facts", n=number(graph.degree(node)))
        aliases = [alias for alias in known.aliases[:4] if alias != title] if known else []
        return Shown(title, f"{type_label(known.type)} · {facts}" if known else "", " · ".join(aliases))
    product = catalogue.products.get(identity)
    if product is None:
        return Shown(identity, t("resolve.gone"))
    fields: dict[str, str] = {}
    if product.brand:
        fields[t("resolve.field_brand")] = product.brand
    if product.price is not None:
        fields[t("resolve.field_price")] = f"{number(product.price, 2)} {product.currency or ''}".strip()
    fields |= {name: value for name, value in product.attributes.items() if value}
    text = product.description if len(product.description) <= _TEXT else f"{product.description[:_TEXT]}…"
    return Shown(
        product.title, sources.get(product.source_id, ""), text, dict(list(fields.items())[:_FIELDS])
    )


def twins(one: Shown, other: Shown) -> None:
    """Draw both; words of the titles, and values, that only one has are marked."""
    st.html(f'<div class="sg-twins">{_twin(one, other)}{_twin(other, one)}</div>')


def evidence(candidate: Candidate) -> None:
    """Draw the probability and what it is made of."""
    found = candidate.evidence
    how = str(found.get("how", ""))
    head = [f"<strong>{escape(likely(candidate))}</strong>"]
    if anchor := found.get("anchor"):
        head.append(f'<span class="exact">{escape(t(f"resolve.anchor_{anchor}"))}</span>')
    if how in ("letters", "words", "figures", "spelling"):
        head.append(f"<span>{escape(t(f'resolve.how_{how}'))}</span>")
    if "model_says" in found:
        said = "resolve.says_yes" if found["model_says"] else "resolve.says_no"
        head.append(f"<span>{escape(t(said, model=found['model']))}</span>")
    parts = {name: float(value) for name, value in found.get("parts", {}).items()}
    # An average candidate has better rivals: where a pair stands counts from there, so the bars sum to the log-odds.
    start = parts.pop("bias", 0.0)
    if parts:
        parts["standing"] = parts.get("standing", 0.0) + start
    most = max((abs(value) for value in parts.values()), default=1.0)
    rows = "".join(
        _part(name, value, most) for name, value in sorted(parts.items(), key=lambda item: -abs(item[1]))
    )
    note = escape(t("resolve.why_note"), quote=True)
    bars = f'<div class="sg-parts" title="{note}">{rows}</div>' if rows else ""
    st.html(f'<div class="sg-why"><div class="sg-why-head">{"".join(head)}</div>{bars}</div>')


def likely(candidate: Candidate) -> str:
    """How sure it is that the two are one; nothing that is learned is ever certain."""
    by_matcher = candidate.evidence.get("how") == "matcher"
    share = min(candidate.probability, 0.999) if by_matcher else candidate.probability
    digits = 1 if by_matcher and share > 0.985 else 0
    return t("resolve.probability" if by_matcher else "resolve.likeness", value=percent(share, digits))


def marked(text: str, other: str) -> str:
    """The text as HTML, with the words that the other does not have marked."""
    known = {unaccented(word) for word in _WORD.findall(other)}
    made, at = [], 0
    for match in _WORD.finditer(text):
        word = escape(match[0])
        made.append(escape(text[at : match.start()]))
        made.append(word if unaccented(match[0]) in known else f'<mark class="sg-differs">{word}</mark>')
        at = match.end()
    return "".join(made) + escape(text[at:])


def _twin(one: Shown, other: Shown) -> str:
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{_value(value, other.fields.get(name))}</dd>"
        for name, value in one.fields.items()
    )
    fields = f'<dl class="sg-twin-fields">{rows}</dl>' if rows else ""
    text = f'<p class="sg-twin-text">{escape(one.text)}</p>' if one.text else ""
    return (
        f'<section class="sg-twin"><div class="sg-twin-source">{escape(one.source)}</div>'
        f'<div class="sg-twin-title">{marked(one.title, other.title)}</div>{fields}{text}</section>'
    )


def _value(value: str, other: str | None) -> str:
    same = other is None or unaccented(value) == unaccented(other)
    return escape(value) if same else f'<mark class="sg-differs">{escape(value)}</mark>'


def _part(name: str, value: float, most: float) -> str:
    half = abs(value) / most * 50
    side = f"left:50%;width:{half:.1f}%" if value >= 0 else f"left:{50 - half:.1f}%;width:{half:.1f}%"
    kind = "" if value >= 0 else "against"
    sign = "+" if value >= 0 else ""
    return (
        f'<div class="sg-part"><span class="sg-part-name">{escape(t(f"resolve.part_{name}"))}</span>'
        f'<span class="sg-part-bar"><i class="{kind}" style="{side}"></i></span>'
        f'<span class="sg-part-value">{sign}{number(value, 1)}</span></div>'
    )
