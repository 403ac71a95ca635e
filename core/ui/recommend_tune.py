"""The sliders that trade accuracy for variety, and what each position of them does to the validation cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import streamlit as st

from core.errors import RunError
from core.recommend.serve.policy import SLIDERS, Policy
from core.recommend.serve.trial import GRID, MEASURES, Effect, cost, mean_of
from core.storage.workspaces import Workspace
from core.ui.recommend_state import Draft, served_now
from core.ui.serving import Serving, curve_of, effect_of, trial_of
from core.ui.text import number, percent, t

SHARES = frozenset({"coverage", "long_tail"})
FINE = frozenset({"ndcg", "recall", "diversity"})


def sliders(trying: Draft) -> dict[str, float]:
    """Draw the three sliders; gives their positions."""
    return {
        name: st.slider(
            t(f"recommend.{name}"),
            0,
            100,
            round(100 * getattr(trying.base, name)),
            5,
            format="%d%%",
            help=t(f"recommend.{name}_help"),
            key=trying.key(name),
            on_change=_moved,
            args=(trying, name),
        )
        / 100
        for name in SLIDERS
    }


def _moved(trying: Draft, name: str) -> None:
    trying.slider = name


def figures(workspace: Workspace, served: Serving, trying: Draft) -> None:
    """What the policy does, figure by figure, with the curve along the slider that was moved last."""
    try:
        with st.spinner(t("recommend.measuring")):
            cases = trial_of(workspace, served)
    except RunError as error:
        st.caption(f":material/info: {error.what} {error.remedy}")
        return
    policy, now = trying.policy, served_now(workspace)
    plain = effect_of(workspace, served, policy.plain)
    here = effect_of(workspace, served, policy)
    there = effect_of(workspace, served, now.policy)
    along = curve_of(workspace, served, policy, trying.slider)
    at, kept = float(getattr(policy, trying.slider)), float(getattr(now.policy, trying.slider))
    tiles = "".join(
        _tile(
            measure,
            here.figures[measure],
            plain.figures[measure],
            mean_of(along, measure),
            (at, here.figures[measure]),
            (kept, there.figures[measure]),
        )
        for measure in MEASURES
    )
    st.html(f'<div class="sg-tiles">{tiles}</div>')
    st.html(
        f'<p class="sg-tiles-note">{_cost(here, plain, policy)} '
        + escape(
            t(
                "recommend.curve_note",
                slider=t(f"recommend.{trying.slider}"),
                cases=number(len(cases)),
                of=number(cases.of),
                policy=label(now.name, now.version),
            )
        )
        + "</p>"
    )


def label(name: str, version: int) -> str:
    """A policy's name and version on screen."""
    return f"{name} v{version}" if version else t("recommend.policy_plain")


def _cost(here: Effect, plain: Effect, policy: Policy) -> str:
    if policy == policy.plain:
        return escape(t("recommend.cost_none"))
    found = cost(here, plain)
    if not math.isfinite(found.mean):
        return ""
    key = "cost_open" if found.low <= 0 <= found.high else "cost_less" if found.mean < 0 else "cost_more"
    told = t(f"recommend.{key}", change=_signed(found.mean, 3), half=number(found.half, 3))
    return f"<strong>{escape(told)}</strong>"


def _tile(
    measure: str,
    value: float,
    plain: float,
    along: Sequence[float],
    here: tuple[float, float],
    there: tuple[float, float],
) -> str:
    change = value - plain
    least = 0.0005 if measure in FINE else 0.005  # what rounds to nothing is nothing
    moved = math.isfinite(change) and abs(change) >= least
    delta = _change(measure, change) if moved else "="
    tone = ("up" if change > 0 else "down") if moved else "same"
    return (
        f'<div class="sg-tile" title="{escape(t(f"recommend.measure_{measure}_help"), quote=True)}">'
        f'<div class="sg-tile-name">{escape(t(f"recommend.measure_{measure}"))}</div>'
        f'<div class="sg-tile-value">{escape(_shown(measure, value))}'
        f'<span class="sg-tile-{tone}">{escape(delta)}</span></div>{_spark(along, here, there)}</div>'
    )


def _spark(along: Sequence[float], here: tuple[float, float], there: tuple[float, float]) -> str:
    """The curve as a line; a dot where the sliders stand, a ring where what is served stands."""
    values = [v for v in (*along, here[1], there[1]) if math.isfinite(v)]
    if not values:
        return '<div class="sg-spark"></div>'
    low, high = min(values), max(values)
    span = max(high - low, 1e-9)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return 100 * point[0], 88 - 76 * (point[1] - low) / span if high > low else 50.0

    line = [place((at, v)) for at, v in zip(GRID, along, strict=True) if math.isfinite(v)]
    there_and_back = [f"{x:.1f}% calc({y:.1f}% - .8px)" for x, y in line]
    there_and_back += [f"{x:.1f}% calc({y:.1f}% + .8px)" for x, y in reversed(line)]
    below = [f"{x:.1f}% {y:.1f}%" for x, y in line] + ["100% 100%", "0% 100%"]
    shapes = "".join(
        f'<b class="{name}" style="clip-path:polygon({",".join(points)})"></b>'
        for name, points in (("area", below), ("line", there_and_back))
    )
    marks = "".join(
        f'<i class="{name}" style="left:{x:.1f}%;top:{y:.1f}%"></i>'
        for name, (x, y) in (("ring", place(there)), ("dot", place(here)))
    )
    return f'<div class="sg-spark" aria-hidden="true">{shapes}{marks}</div>'


def _shown(measure: str, value: float) -> str:
    if measure in SHARES:
        return percent(value, 0)
    return number(value, 3 if measure in FINE else 2)


def _change(measure: str, change: float) -> str:
    if measure in SHARES:
        return _signed(100 * change, 0, t("recommend.points"))
    return _signed(change, 3 if measure in FINE else 2)


def _signed(value: float, digits: int, unit: str = "") -> str:
    return f"{'+' if value > 0 else ''}{number(value, digits)}{unit}"
