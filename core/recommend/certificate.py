"""What the graph is worth to a run: the same training without it, and with its facts dealt to random products.

Gains are paired over shoppers. Families of relations are weighed without training: the finished network scores products
from which one family's facts were taken away. So a family's share is what this network does with it, not what a network
that never had it would have reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.config import GraphKind
from core.recommend.measure import Measured
from core.recommend.significance import bootstrap, holm, wilcoxon
from core.recommend.verdict import ALPHA, FEWEST_CASES

if TYPE_CHECKING:
    from core.recommend.prepare import Prepared

CONTROLS = (GraphKind.NONE, GraphKind.SHUFFLED)
SEGMENTS = ("all", "warm_item", "cold_item", "cold_shopper")


@dataclass(frozen=True, eq=False)
class Control:
    """What a control did on the test, and whether validation gave its network any weight."""

    measured: Measured
    opened: bool


def certificate(
    real: Measured, controls: Mapping[GraphKind, Control], masked: Mapping[str, Measured], seed: int = 0
) -> dict[str, Any]:
    """As JSON: ``segments`` with the NDCG@10 of each graph, the gains over both controls and a finding; ``families``;
    and ``closed``, the controls whose gate validation closed, so that their figures are the baseline's.

    Findings: "pays" (better than without a graph and than with the shuffled one), "costs" (worse than without),
    "any_facts" (better than without, but not proven better than shuffled), "open" (nothing is proven),
    "few" (fewer than FEWEST_CASES shoppers). Proven is an interval without zero and p < ALPHA after Holm over all
    gains. A family's figures are real minus masked: above zero, the model ranks better with it.
    """
    models = {GraphKind.REAL: real, **{kind: control.measured for kind, control in controls.items()}}
    gains = {
        (segment, kind): _values(real, segment) - _values(controls[kind].measured, segment)
        for segment in SEGMENTS
        for kind in CONTROLS
    }
    tested = {name: values for name, values in gains.items() if _cases(values) >= FEWEST_CASES}
    p_values = holm({"/".join(name): wilcoxon(values) for name, values in tested.items()})
    segments: dict[str, Any] = {}
    for segment in SEGMENTS:
        told: dict[str, Any] = {"n": _cases(_values(real, segment))}
        told |= {kind.value: _interval(_values(one, segment), seed) for kind, one in models.items()}
        for kind in CONTROLS:
            gain = _interval(gains[segment, kind], seed)
            told[f"gain_{kind.value}"] = gain | {"p_holm": p_values.get(f"{segment}/{kind}")}
        segments[segment] = told | {"finding": _finding(told)}
    families = {
        name: {
            segment: _interval(_values(real, segment) - _values(one, segment), seed) for segment in SEGMENTS
        }
        for name, one in masked.items()
    }
    closed = [kind.value for kind, control in controls.items() if not control.opened]
    return {"segments": segments, "families": families, "closed": closed}


def without_families(prepared: Prepared) -> Iterator[tuple[str, Prepared]]:
    """Each family of the graph's relations, and the preparation with its facts taken away."""
    table, features = prepared.vocabulary.table, prepared.features
    for group, name in enumerate(table.groups):
        left = tuple(row[table.group[row] != group] for row in features.facts)
        yield name, replace(prepared, features=replace(features, facts=left))


def _finding(told: Mapping[str, Any]) -> str:
    if told["n"] < FEWEST_CASES:
        return "few"
    none, shuffled = told["gain_none"], told["gain_shuffled"]
    if none["p_holm"] < ALPHA and none["high"] < 0:
        return "costs"
    if not (none["p_holm"] < ALPHA and none["low"] > 0):
        return "open"
    return "pays" if shuffled["p_holm"] < ALPHA and shuffled["low"] > 0 else "any_facts"


def _values(measured: Measured, segment: str) -> NDArray[np.float64]:
    return measured.per_case["ndcg@10"] if segment == "all" else measured.segments[segment]


def _cases(values: NDArray[np.float64]) -> int:
    return int((~np.isnan(values)).sum())


def _interval(values: NDArray[np.float64], seed: int) -> dict[str, float | None]:
    found = bootstrap(values, seed)
    figures = {"mean": found.mean, "low": found.low, "high": found.high}
    return {name: None if value != value else value for name, value in figures.items()}
