"""The exact shares as the shap package draws them, in the page's colours and on its surfaces."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.ui import explain_view as view
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE
from core.ui.explain_panels import TOP
from core.ui.explaining import Question
from core.ui.serving import Serving
from core.ui.text import t
from core.ui.theme import dark

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = ("waterfall", "force", "decision", "beeswarm")
INK = {False: "#1b2430", True: "#e2e8ef"}
"""The theme's text, in light and in dark."""


def pictures(served: Serving, question: Question) -> None:
    """A switch, and behind it the picture that is chosen."""
    if not st.toggle(t("explain.shap_plot"), key="explain_shap_plot"):
        return
    kind = st.segmented_control(
        t("explain.shap_plot"),
        PICTURES,
        default="waterfall",
        format_func=lambda one: t(f"explain.shap_{one}"),
        key="explain_shap_kind",
        label_visibility="collapsed",
        required=True,
    )
    if kind == "beeswarm":
        st.caption(t("explain.shap_beeswarm_is", k=TOP))
    figure = drawn(served, question, kind or "waterfall")
    dress(figure, INK[dark()])
    image = BytesIO()
    figure.savefig(image, format="png", bbox_inches="tight", transparent=True, dpi=160)
    st.image(image, width="stretch")


def drawn(served: Serving, question: Question, kind: str) -> Figure:
    """The package's own figure of one of ``PICTURES``; names of groups are English, as its font has no other script."""
    import matplotlib.pyplot as plt
    import shap
    from matplotlib.colors import LinearSegmentedColormap

    exact = question.shares()
    names, values = [view.latin_label(name) for name in exact.names], exact.values
    # What is nothing beside the largest share is one row, so that the rows sum to the score.
    rows = min(len(view.active(exact)) + 1, len(names))
    colours = LinearSegmentedColormap.from_list("shares", [NEGATIVE, BASELINE, POSITIVE])
    figure = plt.figure()
    if kind == "beeswarm":
        found = _of_list(served, question, names)
        shap.plots.beeswarm(found, max_display=rows, color=colours, color_bar=False, show=False)
    elif kind == "waterfall":
        found = shap.Explanation(values=values, base_values=exact.base, feature_names=names)
        shap.plots.waterfall(found, max_display=rows, show=False)
    elif kind == "decision":
        shap.decision_plot(exact.base, values, feature_names=names, plot_color=colours, show=False)
    else:
        shap.force_plot(
            round(exact.base, 3),
            np.round(values, 3),
            feature_names=names,
            matplotlib=True,
            show=False,
            text_rotation=20,
        )
    last = plt.gcf()
    for number in (figure.number, last.number):
        plt.close(number)
    return last


def dress(figure: Figure, ink: str) -> None:
    """Give what the package draws in black, white and its own red and blue the page's colours, in place."""
    from matplotlib.collections import PathCollection, PolyCollection
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    figure.set_facecolor("none")
    for axes in figure.axes:
        axes.set_facecolor("none")
        axes.tick_params(colors=ink)
        for spine in axes.spines.values():
            spine.set_edgecolor(ink)
    for text in figure.findobj(Text):
        text.set_color(_instead(text.get_color(), ink))
        if box := text.get_bbox_patch():
            box.set_visible(False)
        if text.get_text() in ("+0", "−0", "-0"):
            text.set_text("≈ 0")
    for line in figure.findobj(Line2D):
        line.set_color(_instead(line.get_color(), ink))
    for patch in figure.findobj(Patch):
        if patch not in (figure.patch, *(axes.patch for axes in figure.axes)):
            patch.set_facecolor(_instead(patch.get_facecolor(), ink))
            patch.set_edgecolor(_instead(patch.get_edgecolor(), ink))
    for shade in figure.findobj(AxesImage) + figure.findobj(PolyCollection):
        shade.set_alpha(0.12)
    for dots in figure.findobj(PathCollection):
        dots.set_edgecolor("none")


def _instead(colour: Any, ink: str) -> Any:
    """Ours for the package's red (lifts) and blue (lowers); the theme's text for greys and black."""
    from matplotlib.colors import to_rgba

    red, green, blue, alpha = to_rgba(colour)
    if not alpha:
        return colour
    if max(red, green, blue) - min(red, green, blue) < 0.08:
        return colour if red > 0.9 else ink
    if red > 0.9 and green < 0.2:
        return (*to_rgba(POSITIVE)[:3], alpha)
    if blue > 0.85 and red < 0.2:
        return (*to_rgba(NEGATIVE)[:3], alpha)
    return colour


def _of_list(served: Serving, question: Question, names: list[str]) -> Any:
    """A ``shap.Explanation`` of the first products of the list: a dot each in every row of the beeswarm."""
    import shap

    found = [question.beside(product).shares() for product in served.top(question.history, TOP)]
    values = np.stack([one.values for one in found])
    return shap.Explanation(
        values=values,
        base_values=np.array([one.base for one in found]),
        data=values,
        feature_names=names,
    )
