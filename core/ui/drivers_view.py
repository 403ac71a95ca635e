"""The views of the Drivers page: weight, every recommendation, segments, kinds of shoppers, change between runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.drivers.drift import Shift
from core.drivers.kept import Drivers
from core.drivers.segments import DIMENSIONS
from core.drivers.swarm import as_shap
from core.recommend.runs import Run
from core.storage.workspaces import Workspace
from core.ui import drivers_charts as charts
from core.ui import drivers_state as state
from core.ui import theme
from core.ui.charts import show
from core.ui.explain_view import group_label, tiny
from core.ui.labels import literal
from core.ui.linked import follow, noted, switch
from core.ui.run_names import run_names
from core.ui.session import cached_catalogue
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import listed, number, percent, t

OF = ("groups", "relations")


def weight(found: Drivers) -> None:
    """Groups beside relations, each with its interval."""
    import pandas as pd

    for of, column in zip(OF, st.columns(2, gap="large"), strict=True):
        own = state.weights(found, of)
        with column:
            st.html(f'<h2 class="sg-h2">{escape(t(f"drivers.{of}"))}</h2>')
            st.caption(t(f"drivers.{of}_note"))
            if not own:
                st.markdown(t("drivers.no_relations"))
                continue
            show(charts.weights(own, of), f"drivers_{of}")
            with st.expander(t("drivers.as_table"), icon=":material/table:"):
                frame = pd.DataFrame(
                    {
                        t(f"drivers.column_{of}"): [charts.label_of(one.name, of) for one in own],
                        t("drivers.column_share"): [percent(one.share.mean, 1) for one in own],
                        t("drivers.column_interval"): [
                            _interval(one.share.low, one.share.high) for one in own
                        ],
                        t("drivers.column_signed"): [charts.points(one.signed.mean) for one in own],
                        t("drivers.column_shoppers"): [one.shoppers for one in own],
                    }
                )
                table(frame, f"drivers_{of}_table")
                export_button(frame, f"drivers-{of}", key=f"drivers_{of}_csv")
    st.caption(t("drivers.exact", error=tiny(found.error), seconds=number(found.seconds, 0)))


def swarm(workspace: Workspace, found: Drivers) -> None:
    """Every recommendation as a point of each group; the same numbers as the shap package draws them."""
    st.caption(t("drivers.swarm_note"))
    order = [one.name for one in state.weights(found, "groups")]
    show(charts.swarm(found, order, cached_catalogue(workspace).title), "drivers_swarm")
    if st.toggle(t("drivers.shap_plot"), key="drivers_shap"):
        _shap_plot(found)


def segments(workspace: Workspace, found: Drivers) -> None:
    """The weight of the groups in the segments of a dimension."""
    chosen = switch(t("drivers.by"), DIMENSIONS, "by", "drivers_by", lambda name: t(f"drivers.by_{name}"))
    parts = state.parts(workspace, found, chosen)
    if len(parts) < 2:
        st.markdown(t("drivers.one_segment"))
        return
    order = [one.name for one in state.weights(found, "groups")]

    def named(segment: str) -> str:
        if chosen == "category":
            return segment or t("drivers.no_category")
        return t(f"drivers.segment_{chosen}_{segment}")

    st.caption(t(f"drivers.by_{chosen}_note"))
    show(charts.segments(parts, order, named), f"drivers_segments_{chosen}")
    with st.expander(t("drivers.as_table"), icon=":material/table:"):
        import pandas as pd

        frame = pd.DataFrame(
            [
                {
                    t("drivers.column_segment"): named(segment),
                    t("drivers.column_groups"): group_label(one.name),
                    t("drivers.column_share"): percent(one.share.mean, 1),
                    t("drivers.column_interval"): _interval(one.share.low, one.share.high),
                    t("drivers.column_shoppers"): one.shoppers,
                }
                for segment, own in parts.items()
                for one in own
            ]
        )
        table(frame, f"drivers_segments_{chosen}_table")
        export_button(frame, f"drivers-by-{chosen}", key="drivers_segments_csv")


def change(workspace: Workspace, found: Drivers, others: Sequence[Run], measure: str | None) -> str | None:
    """What changed since another run; gives the id of a run that has to be measured first, if that is asked for.

    ``measure`` says that a measurement is going on, so that none can be started."""
    if not others:
        st.markdown(t("drivers.no_other"))
        return None
    names = run_names(others)
    first, asked = others[0].id, param("from")
    follow("drivers_since", str(asked) if asked in names else first)
    chosen: str = st.selectbox(
        t("drivers.since"),
        list(names),
        format_func=names.__getitem__,
        key="drivers_since",
    )
    set_params(**{"from": chosen if chosen != first else None})
    noted("drivers_since", chosen)
    before = state.measured(workspace, chosen)
    if before is None:
        st.markdown(t("drivers.not_measured", run=literal(names[chosen])))
        asked_for = st.button(
            t("drivers.measure_other"),
            type="primary",
            icon=":material/balance:",
            key="drivers_measure_other",
            disabled=measure is not None,
        )
        return chosen if asked_for else None
    for of, column in zip(OF, st.columns(2, gap="large"), strict=True):
        with column:
            st.html(f'<h2 class="sg-h2">{escape(t(f"drivers.{of}"))}</h2>')
            _shifts(state.shifts(before, found, of), of)
    return None


def _shifts(own: Sequence[Shift], of: str) -> None:
    import pandas as pd

    if not own:
        st.markdown(t("drivers.no_common"))
        return
    moved = [one for one in own if one.moved]
    sure = listed(f"{charts.label_of(one.name, of)} {charts.points(one.change.mean)}" for one in moved[:4])
    n = number(own[0].shoppers)
    st.caption(t("drivers.moved", names=literal(sure), n=n) if moved else t("drivers.nothing_moved", n=n))
    show(charts.drift(own, of), f"drivers_drift_{of}")
    with st.expander(t("drivers.as_table"), icon=":material/table:"):
        frame = pd.DataFrame(
            {
                t(f"drivers.column_{of}"): [charts.label_of(one.name, of) for one in own],
                t("drivers.column_before"): [percent(one.before, 1) for one in own],
                t("drivers.column_after"): [percent(one.after, 1) for one in own],
                t("drivers.column_change"): [charts.points(one.change.mean) for one in own],
                t("drivers.column_interval"): [
                    f"{charts.points(one.change.low)} … {charts.points(one.change.high)}" for one in own
                ],
                t("drivers.column_p"): [number(one.p_holm, 4) for one in own],
                t("drivers.column_rank"): [f"{one.rank_before} → {one.rank_after}" for one in own],
            }
        )
        table(frame, f"drivers_drift_{of}_table")
        export_button(frame, f"drift-{of}", key=f"drivers_drift_{of}_csv")


def _shap_plot(found: Drivers) -> None:
    import matplotlib.pyplot as plt
    import shap
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.text import Text

    told = as_shap(found.rows, [charts.latin(name) for name in found.groups], found.amounts)
    colours = LinearSegmentedColormap.from_list("amounts", list(charts.SWARM_COLORS))
    figure = shap.plots.beeswarm(told, max_display=len(found.groups), color=colours, show=False).figure
    for text in figure.findobj(Text):
        text.set_color(theme.ink())
    for axes in figure.axes:
        axes.tick_params(colors=theme.ink())
    st.pyplot(figure, clear_figure=True, transparent=True)
    plt.close(figure)


def _interval(low: float, high: float) -> str:
    return f"{percent(low, 1)}–{percent(high, 1)}"
