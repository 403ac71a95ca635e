"""How good an extraction is against gold: both cell scorers, by category and attribute, kinds of error, calibration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.extract.ground import Span
from core.extract.labelled import Asked, Labelled
from core.extract.normalise import normalise
from core.extract.score import Cell, Cells, calibration_error, cells, count
from core.extract.triage import Triage


class Mistake(StrEnum):
    """Why a cell is wrong."""

    BOUNDARY = "boundary"
    WRONG_ATTRIBUTE = "wrong_attribute"
    MISSED = "missed"
    INVENTED = "invented"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One wrong cell. ``value`` is None where nothing was given; ``confidence`` is that of the value, else 0."""

    id: str
    category: str
    text: str
    attribute: str
    gold: tuple[str, ...]
    value: str | None
    confidence: float
    mistake: Mistake


@dataclass(frozen=True)
class Evaluation:
    """``annotated_only`` counts the attributes that were annotated, ``strict`` all that are asked. The breakdowns
    and ``wrong`` are of the strict cells; ``sure`` holds (confidence, right) of every value given, ``shared`` the
    (category, attribute, normalised value) of each."""

    n: int
    annotated_only: Cells
    strict: Cells
    by_category: Mapping[str, Cells]
    by_attribute: Mapping[str, Cells]
    wrong: tuple[Wrong, ...]
    sure: tuple[tuple[float, bool], ...]
    shared: tuple[tuple[str, str, str], ...]
    absent: int
    absent_empty: int

    @property
    def ece(self) -> float:
        """Expected calibration error of the values given, in [0, 1]."""
        return calibration_error([c for c, _ in self.sure], [r for _, r in self.sure])

    @property
    def triage(self) -> Triage:
        """How soon a review of the values given would find the errors among them."""
        return Triage([c for c, _ in self.sure], [r for _, r in self.sure], self.shared)

    @property
    def left_empty(self) -> float:
        """Share of cells stated to be absent that were left empty; 1 where there is none."""
        return self.absent_empty / self.absent if self.absent else 1.0

    @property
    def mistakes(self) -> Mapping[str, int]:
        """Wrong cells by kind, most frequent first."""
        return dict(Counter(wrong.mistake.value for wrong in self.wrong).most_common())


def evaluate(items: Sequence[Labelled], found: Sequence[Mapping[str, Span]], asked: Asked) -> Evaluation:
    """Score the values found: ``found[i]`` has at most one span for each attribute of ``items[i]``.

    A category that the schema does not know is asked what was annotated there.
    """
    by_category: dict[str, Cells] = {}
    by_attribute: dict[str, Cells] = {}
    annotated, every = Cells(), Cells()
    wrong: list[Wrong] = []
    sure: list[tuple[float, bool]] = []
    shared: list[tuple[str, str, str]] = []
    absent = absent_empty = 0
    for item, spans in zip(items, found, strict=True):
        values = {attribute: item.text[span.start : span.end] for attribute, span in spans.items()}
        outcomes = cells(item.values, values, asked.get(item.category) or sorted(item.values))
        annotated += count(cells(item.values, values, item.values))
        every += count(outcomes)
        by_category[item.category] = by_category.get(item.category, Cells()) + count(outcomes)
        for cell in outcomes:
            by_attribute[cell.attribute] = by_attribute.get(cell.attribute, Cells()) + count([cell])
            if cell.value:
                sure.append((spans[cell.attribute].confidence, cell.outcome == "VC"))
                value = normalise(cell.attribute, cell.value)
                shared.append((item.category, cell.attribute, value.key))
        wrong += [_wrong(item, cell, spans) for cell in outcomes if cell.outcome in ("NV", "VN", "VW")]
        stated = [attribute for attribute, gold in item.values.items() if not gold]
        absent += len(stated)
        absent_empty += sum(not values.get(attribute) for attribute in stated)
    return Evaluation(
        len(items),
        annotated,
        every,
        _sorted(by_category),
        _sorted(by_attribute),
        tuple(wrong),
        tuple(sure),
        tuple(shared),
        absent,
        absent_empty,
    )


def reliability(sure: Iterable[tuple[float, bool]], bins: int = 10) -> list[tuple[float, float, int]]:
    """``(mean confidence, share right, count)`` of each equal-width bin that holds anything."""
    inside: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in sure:
        inside.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    return [
        (sum(c for c, _ in found) / len(found), sum(r for _, r in found) / len(found), len(found))
        for _, found in sorted(inside.items())
    ]


def _wrong(item: Labelled, cell: Cell, spans: Mapping[str, Span]) -> Wrong:
    confidence = spans[cell.attribute].confidence if cell.value else 0.0
    return Wrong(
        item.id,
        item.category,
        item.text,
        cell.attribute,
        cell.gold,
        cell.value,
        confidence,
        _mistake(item, cell),
    )


def _mistake(item: Labelled, cell: Cell) -> Mistake:
    if not cell.value:
        return Mistake.MISSED
    elsewhere = any(
        cell.value in gold for attribute, gold in item.values.items() if attribute != cell.attribute
    )
    if elsewhere:
        return Mistake.WRONG_ATTRIBUTE
    if any(_share_words(cell.value, gold) for gold in cell.gold):
        return Mistake.BOUNDARY
    return Mistake.INVENTED


def _share_words(value: str, gold: str) -> bool:
    return value in gold or gold in value or bool(set(value.split()) & set(gold.split()))


def _sorted(counts: Mapping[str, Cells]) -> dict[str, Cells]:
    return dict(sorted(counts.items()))
