"""Two lists side by side: how the model reorders what the baseline would have shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from core.shorten import shorten
from core.ui import theme
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, inert, styled
from core.ui.text import t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

WIDEST = 36


class Line(Protocol):
    """A product at its place in a list."""

    @property
    def product_id(self) -> str:
        """Whose place it is."""
        ...

    @property
    def rank(self) -> int:
        """The place, from 1."""
        ...


def rank_changes(
    ours: Sequence[Line],
    theirs: Sequence[Line],
    title: Callable[[str], str],
    places: dict[str, int],
    name: str,
) -> Figure:
    """A slope from a product's place in our list (left) to its place in the list of ``name`` (right).

    ``places`` maps a product to its place in the whole of the other ranking, for those that are not in ``theirs``.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    right = {line.product_id: line.rank for line in theirs}
    for line in ours:
        other = right.get(line.product_id)
        colour = (
            BASELINE if other == line.rank else POSITIVE if other is None or other > line.rank else NEGATIVE
        )
        figure.add_scatter(
            x=[0, 1 if other else 0.12],
            y=[line.rank, other or line.rank],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": [7, 7 if other else 0]},
            hovertext=title(line.product_id),
            hoverinfo="text",
            showlegend=False,
        )
        if other is None:
            came = t("recommend.came_from", place=places.get(line.product_id, 0))
            figure.add_annotation(
                x=0.14,
                y=line.rank,
                text=came,
                showarrow=False,
                xanchor="left",
                font={"size": 11},
                bgcolor=theme.ground(),  # slopes of others may cross here
            )
    for line in ours:  # The picture stands by itself: the cards beside it are of uneven height.
        figure.add_annotation(x=-0.05, y=line.rank, text=str(line.rank), showarrow=False, xanchor="right")
    own = {line.product_id for line in ours}
    for line in theirs:
        shown = shorten(title(line.product_id), WIDEST)
        figure.add_annotation(
            x=1.04,
            y=line.rank,
            text=f"{line.rank}  {inert(shown)}",
            showarrow=False,
            xanchor="left",
            opacity=1.0 if line.product_id in own else 0.55,
        )
    for x, side, label in ((-0.05, "center", t("recommend.this_list")), (1.04, "left", inert(name))):
        figure.add_annotation(x=x, y=0, text=f"<b>{label}</b>", showarrow=False, xanchor=side)
    longest = max(len(ours), len(theirs), 1)
    figure.update_xaxes(visible=False, range=[-0.25, 3.2], fixedrange=True)
    figure.update_yaxes(visible=False, range=[longest + 0.6, -0.5], fixedrange=True)
    return styled(figure, 30 * longest + 50)
