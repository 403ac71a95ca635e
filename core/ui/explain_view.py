"""How an explanation is drawn: the waterfall, the bars beside it, the coloured words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np

from core.explain.paths import FactEffect
from core.explain.sentences import TITLE
from core.explain.shapley import Attribution
from core.explain.surrogate import Surrogate
from core.explain.words import WordShares
from core.ontology import Family, family
from core.shorten import shorten
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, styled
from core.ui.text import family_label, has, number, speaking, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_PIXELS = 30
FAINTEST = 0.12
"""A word is tinted from this share of the strongest one's."""
INERT = 1e-9
FAMILY_NAMES = frozenset(member.value for member in Family)


def group_label(name: str) -> str:
    """The name of a feature group as people say it."""
    if name in FAMILY_NAMES:
        return t("explain.group_relation", family=family_label(Family(name)))
    key = f"explain.group_{name.replace('.', '_')}"
    return t(key) if has(key) else name


def short_label(name: str) -> str:
    """The name of a feature group where there is room for few words only: a family's without "Facts"."""
    return family_label(Family(name)) if name in FAMILY_NAMES else group_label(name)


def waterfall(found: Attribution, reference: str = "average") -> Figure:
    """From the reference to this score, one step a group, smallest at the top; bars carry the group's name."""
    import plotly.graph_objects as go

    steps = list(reversed(active(found)))
    names = [group_label(found.names[i]) for i in steps]
    values = [float(found.values[i]) for i in steps]
    digits = decimals(values)
    fig = go.Figure(
        go.Waterfall(
            orientation="h",
            measure=["absolute", *["relative"] * len(steps), "total"],
            y=[t(f"explain.base_{reference}"), *names, t("explain.shares_score")],
            x=[found.base, *values, found.score],
            text=[number(found.base, digits), *figures(values), number(found.score, digits)],
            textposition="outside",
            customdata=["", *(found.names[i] for i in steps), ""],
            connector={"line": {"width": 1, "color": BASELINE, "dash": "dot"}},
            increasing={"marker": {"color": POSITIVE}},
            decreasing={"marker": {"color": NEGATIVE}},
            totals={"marker": {"color": BASELINE}},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    fig.update_layout(showlegend=False, clickmode="event+select")
    ends = [found.score, *np.cumsum([found.base, *values]).tolist()]
    room = _room(min(ends), max(ends))
    fig.update_xaxes(range=[min(ends) - room, max(ends) + room])
    return styled(fig, ROW_PIXELS * (len(steps) + 2) + 40)


def bars(names: Sequence[str], values: Sequence[float], keys: Sequence[str] | None = None) -> Figure:
    """Signed horizontal bars, in the given order from the top."""
    import plotly.graph_objects as go

    fig = go.Figure(
        go.Bar(
            orientation="h",
            y=[f"{shorten(name, TITLE)}{chr(0x200B) * at}" for at, name in enumerate(names)],
            x=list(values),
            text=figures(values),
            textposition="outside",
            cliponaxis=False,
            customdata=list(keys or names),
            marker_color=[POSITIVE if value >= 0 else NEGATIVE for value in values],
            hovertext=list(names),
            hovertemplate="%{hovertext}: %{text}<extra></extra>",
        )
    )
    fig.update_yaxes(autorange="reversed")
    fig.update_layout(showlegend=False)
    low, high = min(0.0, *values), max(0.0, *values)
    room = _room(low, high)
    fig.update_xaxes(range=[low - room * (low < 0), high + room * (high > 0)])
    return styled(fig, ROW_PIXELS * max(len(names), 2) + 40)


def named_bars(names: Sequence[str], values: Sequence[float]) -> str:
    """Signed bars as safe HTML: names of any length on up to two lines, beside them their bar and figure."""
    low, high = min(0.0, *values), max(0.0, *values)
    span = high - low or 1.0
    rows = "".join(
        f'<div role="listitem" title="{escape(name, quote=True)}"><span class="sg-bar-name">{escape(name)}</span>'
        f'<span class="sg-bar-track"><i style="left:{100 * (min(value, 0.0) - low) / span:.1f}%;'
        f'width:{100 * abs(value) / span:.1f}%;background:{POSITIVE if value >= 0 else NEGATIVE}"></i></span>'
        f'<span class="sg-bar-figure">{figure}</span></div>'
        for name, value, figure in zip(names, values, figures(values), strict=True)
    )
    return f'<div class="sg-bars" role="list">{rows}</div>'


def lime_bars(exact: Attribution, lime: Surrogate) -> Figure:
    """LIME's weights in the order of the exact shares; what either of the two finds telling is shown."""
    either = {*active(exact), *telling([float(value) for value in lime.values])}
    order = [at for at in exact.order if at in either]
    return bars(
        [group_label(lime.names[i]) for i in order],
        [float(lime.values[i]) for i in order],
        [lime.names[i] for i in order],
    )


def coloured_words(shares: WordShares) -> str:
    """The text as safe HTML, each word tinted by its share: blue lifts, orange lowers."""
    top = float(np.abs(shares.values).max()) if len(shares.values) else 0.0
    parts: list[str] = []
    at = 0
    for part, value in zip(shares.segments, shares.values, strict=True):
        parts.append(escape(shares.text[at : part.start]))
        word = escape(shares.text[part.start : part.end])
        strength = abs(float(value)) / top if top else 0.0
        if strength > FAINTEST:
            tint = POSITIVE if value > 0 else NEGATIVE
            mix = round(6 + 64 * strength)
            style = (
                f"background:color-mix(in srgb, {tint} {mix}%, transparent);border-radius:3px;padding:0 2px"
            )
            parts.append(f'<span style="{style}" title="{escape(signed(float(value)))}">{word}</span>')
        else:
            parts.append(word)
        at = part.end
    parts.append(escape(shares.text[at:]))
    return f'<div class="sg-text" style="line-height:1.9">{"".join(parts)}</div>'


def signed(value: float) -> str:
    """A figure that shows its sign."""
    return ("+" if value > 0 else "") + number(value)


def decimals(values: Sequence[float]) -> int:
    """How many decimals give the largest of the values three significant digits: as many for all that are compared."""
    most = max((abs(value) for value in values), default=0.0)
    return min(6, max(0, 2 - floor(log10(most)))) if most > 0 else 0


def figures(values: Sequence[float]) -> list[str]:
    """Signed figures to be compared, with equally many decimals; "≈ 0" is what is lost in them."""
    digits = decimals(values)
    return [
        ("+" if value > 0 else "") + number(value, digits) if round(value, digits) else "≈ 0"
        for value in values
    ]


def tiny(value: float) -> str:
    """A rounding error: its power of ten, or "< 1e-12" where it is below what matters."""
    return "< 1e-12" if value < 1e-12 else f"{value:.0e}"


def facts_in(group: str, effects: Sequence[FactEffect], groups: Sequence[str]) -> list[FactEffect]:
    """The facts that a group holds: those of its family; "other" also holds the families without a group."""
    if group not in FAMILY_NAMES:
        return []
    elsewhere = set(groups) - {group}
    rest = group == Family.OTHER.value
    return [
        effect
        for effect in effects
        if (own := family(effect.fact.relation).value) == group or (rest and own not in elsewhere)
    ]


def telling(values: Sequence[float]) -> list[int]:
    """Which of the values are more than nothing beside the largest of them, largest first; two where none is."""
    digits = decimals(values)
    order = sorted(range(len(values)), key=lambda at: -abs(values[at]))
    return [at for at in order if abs(values[at]) > INERT and round(values[at], digits)] or order[:2]


def active(found: Attribution) -> list[int]:
    """Groups with a share worth the name, largest first; the first two where none has."""
    return telling([float(value) for value in found.values])


def _room(low: float, high: float) -> float:
    """What a figure beside a bar needs, in units of the axis, on a phone too."""
    return (high - low or 1.0) * 0.36


def latin_label(name: str) -> str:
    """A group's name in English, for plots whose font has no other script."""
    with speaking("en"):
        return group_label(name)
