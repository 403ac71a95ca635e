"""Scores of normalised values: what was read, normalised by the schema's rules, against gold that is normalised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.extract.ground import Span
from core.extract.labelled import Labelled
from core.extract.normal_rules import Rule
from core.extract.normalise import normalise
from core.extract.score import Cells, cells, count

Rules = Mapping[str, Mapping[str, Rule]]
"""Category → attribute → rule."""


def normal_label(rules: Rules, category: str, attribute: str, surface: str) -> str:
    """The words as the schema wants them."""
    return normalise(attribute, surface, rules.get(category, {}).get(attribute)).label


def normalised_cells(
    items: Sequence[Labelled], found: Sequence[Mapping[str, Span]], rules: Rules
) -> tuple[Cells, Cells]:
    """Counts over the attributes that have normalised gold: those annotated in the text, and those that any text of its
    category has. ``found[i]`` has at most one span for each attribute of ``items[i]``."""
    asked: dict[str, set[str]] = {}
    for item in items:
        asked.setdefault(item.category, set()).update(item.normalised)
    annotated, every = Cells(), Cells()
    for item, spans in zip(items, found, strict=True):
        values = {
            attribute: normal_label(rules, item.category, attribute, item.text[span.start : span.end])
            for attribute, span in spans.items()
            if attribute in asked[item.category]
        }
        annotated += count(cells(item.normalised, values, item.normalised))
        every += count(cells(item.normalised, values, sorted(asked[item.category])))
    return annotated, every
