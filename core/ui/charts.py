"""Charts in the app's own look: the families' colours, transparent surfaces, tabular figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.ontology import Family

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FAMILY_COLORS: dict[Family, str] = {
    Family.IDENTITY: "#215dff",
    Family.SUBSTANCE: "#db6d1c",
    Family.APPEARANCE: "#c36ec1",
    Family.QUANTITY: "#25757b",
    Family.SENSE: "#d6246b",
    Family.FEATURE: "#745aca",
    Family.USE: "#629b4c",
    Family.PEOPLE: "#706d44",
    Family.LINK: "#1b93e8",
    Family.OPINION: "#b94c13",
    Family.OTHER: "#8d8d8d",
}
"""One colour a family, the same in every picture, table and chip, and in both themes.

Each has a contrast of at least 3 to 1 with the surfaces of the light and of the dark theme, and any two stay apart
for the three kinds of colour blindness (distance in OKLab, after Machado et al. 2009); a test holds them to it."""

POSITIVE = "#2f7fd0"
NEGATIVE = "#c8641e"
BASELINE = "#7d8590"
"""What raises a score, what lowers it, and what is compared against: blue, orange and grey, not green and red."""

_CONFIG = {"displayModeBar": False, "displaylogo": False, "responsive": True}


def styled(fig: Figure, height: int = 320) -> Figure:
    """The figure with the app's surfaces, margins and hover labels; colours of text and grid come from the theme."""
    fig.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28 if fig.layout.title.text else 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left", "title": None},
        hoverlabel={"align": "left"},
        bargap=0.35,
        separators=".,",
        uirevision="kept",
    )
    fig.update_xaxes(zeroline=False, automargin=True, ticks="")
    fig.update_yaxes(zeroline=False, automargin=True, ticks="")
    return fig


def unmeasured(fig: Figure, beat: float) -> None:
    """Let the quality axis of a figure with nothing but the line to ``beat`` begin at zero and hold that line in its
    middle; left alone it would show negative quality."""
    fig.update_yaxes(range=[0.0, 2.0 * beat or 1.0])


def show(fig: Figure, key: str, **options: Any) -> Any:
    """Draw a figure at the width of its container; ``on_select`` and ``selection_mode`` are passed on."""
    return st.plotly_chart(fig, width="stretch", theme="streamlit", key=key, config=_CONFIG, **options)


def inert(text: str) -> str:
    """Text for plotly, which would take markup for markup and ``%{…}`` for a field."""
    for sign, spelled in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("%", "&#37;"), ("{", "&#123;")):
        text = text.replace(sign, spelled)
    return text
