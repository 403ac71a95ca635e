"""Scores of extraction: annotated-only and strict cell F1 (as ExtractGPT counts them), and exact span F1.

Per cell (product, attribute): NN no gold and no value, NV value without gold, VN gold without value, VC value equal
to one gold string exactly, VW value unequal. P = VC/(NV+VC+VW), R = VC/(VN+VC+VW).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts of cells by outcome; add them up with ``+``."""

    nn: int = 0
    nv: int = 0
    vn: int = 0
    vc: int = 0
    vw: int = 0

    def __add__(self, other: Cells) -> Cells:
        return Cells(
            self.nn + other.nn, self.nv + other.nv, self.vn + other.vn, self.vc + other.vc, self.vw + other.vw
        )

    @property
    def precision(self) -> float:
        """Share of given values that are right; 0 where none was given."""
        return self.vc / max(1, self.nv + self.vc + self.vw)

    @property
    def recall(self) -> float:
        """Share of gold cells that were met; 0 where there is none."""
        return self.vc / max(1, self.vn + self.vc + self.vw)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return f1(self.precision, self.recall)

    def to_json(self) -> dict[str, float]:
        """Precision, recall, f1 and the counts."""
        counts = {"nn": self.nn, "nv": self.nv, "vn": self.vn, "vc": self.vc, "vw": self.vw}
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1, **counts}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, for the error browser. ``outcome`` is NN, NV, VN, VC or VW."""

    attribute: str
    gold: tuple[str, ...]
    value: str | None
    outcome: str


def f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def cells(gold: Values, found: Mapping[str, str | None], attributes: Iterable[str]) -> list[Cell]:
    """The outcome of each attribute. ``found`` holds the one value given for an attribute."""
    return [_cell(name, tuple(gold.get(name) or ()), found.get(name)) for name in attributes]


def _cell(attribute: str, gold: tuple[str, ...], value: str | None) -> Cell:
    if not gold:
        return Cell(attribute, gold, value, "NV" if value else "NN")
    return Cell(attribute, gold, value, "VN" if not value else "VC" if value in gold else "VW")


def count(outcomes: Iterable[Cell]) -> Cells:
    """Add outcomes up."""
    totals = dict.fromkeys(("NN", "NV", "VN", "VC", "VW"), 0)
    for cell in outcomes:
        totals[cell.outcome] += 1
    return Cells(totals["NN"], totals["NV"], totals["VN"], totals["VC"], totals["VW"])


def annotated_only(gold: Values, found: Mapping[str, str | None]) -> Cells:
    """Count the attributes that were annotated; a stated absence is an empty list."""
    return count(cells(gold, found, gold))


def strict(gold: Values, found: Mapping[str, str | None], attributes: Iterable[str]) -> Cells:
    """Count every attribute the schema has for the category; unlisted means no gold."""
    return count(cells(gold, found, attributes))


def span_scores(
    gold: Sequence[set[tuple[int, int, str]]], found: Sequence[set[tuple[int, int, str]]]
) -> dict[str, float]:
    """Exact span precision, recall and F1: start, end and type must all agree."""
    right = sum(len(g & f) for g, f in zip(gold, found, strict=True))
    precision = right / max(1, sum(map(len, found)))
    recall = right / max(1, sum(map(len, gold)))
    return {"precision": precision, "recall": recall, "f1": f1(precision, recall)}


def calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error over equal-width bins, in [0, 1]; 0 for no values."""
    total = 0.0
    for number in range(bins):
        inside = [
            (c, r) for c, r in zip(confidences, right, strict=True) if min(int(c * bins), bins - 1) == number
        ]
        if inside:
            total += abs(sum(c for c, _ in inside) - sum(r for _, r in inside))
    return total / max(1, len(confidences))
