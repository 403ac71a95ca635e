"""The views of the Drivers page: weight, every recommendation, segments, kinds of shoppers, change between runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.drivers.clusters import Cluster, Method
from core.drivers.drift import Shift
from core.drivers.kept import Drivers
from core.drivers.segments import DIMENSIONS
from core.drivers.swarm import as_shap
from core.recommend.runs import Run
from core.storage.workspaces import Workspace
from core.ui import drivers_charts as charts
from core.ui import drivers_state as state
from core.ui import navigation
from core.ui.charts import show
from core.ui.explain_view import group_label, signed, tiny
from core.ui.session import cached_catalogue
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import distinct, listed, number, percent, t

OF = ("groups", "relations")
KINDS: tuple[Method, ...] = ("kmeans", "hdbscan")


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
    asked = param("by")
    chosen = st.segmented_control(
        t("drivers.by"),
        DIMENSIONS,
        default=asked if asked in DIMENSIONS else DIMENSIONS[0],
        format_func=lambda name: t(f"drivers.by_{name}"),
        required=True,
        key="drivers_by",
        label_visibility="collapsed",
    )
    set_params(by=chosen if chosen != DIMENSIONS[0] else None)
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


def kinds(found: Drivers) -> None:
    """Kinds of shoppers, each with what sets it apart; one of them opens to its shoppers."""
    asked = param("how")
    method: Method = st.segmented_control(
        t("drivers.how"),
        KINDS,
        default=next((one for one in KINDS if one == asked), KINDS[0]),
        format_func=lambda name: t(f"drivers.how_{name}"),
        required=True,
        key="drivers_how",
        label_visibility="collapsed",
    )
    set_params(how=method if method != KINDS[0] else None)
    told = state.kinds(found, method)
    if not told.clusters:
        st.markdown(t("drivers.no_kinds"))
        return
    quality = t("drivers.silhouette", value=number(told.silhouette, 2))
    if told.stability is not None:
        quality = listed([quality, t("drivers.stability", value=number(told.stability, 2))])
    if told.alone:
        quality = listed([quality, t("drivers.alone", n=number(len(told.alone)))])
    st.caption(f"{t('drivers.kinds_note')} {quality}")
    everyone = sum(len(one.shoppers) for one in told.clusters) + len(told.alone)
    place = int(param("kind") or 0) if (param("kind") or "0").isdecimal() else 0
    place = min(place, len(told.clusters) - 1)
    for at, (one, column) in enumerate(zip(told.clusters, _grid(len(told.clusters)), strict=True)):
        with column, st.container(border=True, key=f"drivers-kind-{at}"):
            st.html(_kind(one, everyone))
            st.button(
                t("drivers.open_kind", n=number(len(one.shoppers))),
                type="tertiary",
                icon=":material/group:",
                key=f"drivers_kind_{at}",
                disabled=at == place,
                on_click=set_params,
                kwargs={"kind": at},
            )
    _shoppers(found, told.clusters[place])


def change(workspace: Workspace, found: Drivers, others: Sequence[Run], measure: str | None) -> str | None:
    """What changed since another run; gives the id of a run that has to be measured first, if that is asked for.

    ``measure`` says that a measurement is going on, so that none can be started."""
    if not others:
        st.markdown(t("drivers.no_other"))
        return None
    names = distinct({run.id: run.name for run in others})
    asked = param("from")
    chosen = st.selectbox(
        t("drivers.since"),
        list(names),
        index=list(names).index(asked) if asked in names else 0,
        format_func=names.__getitem__,
        key="drivers_since",
    )
    set_params(**{"from": chosen})
    before = state.measured(workspace, chosen)
    if before is None:
        st.markdown(t("drivers.not_measured", run=_text(names[chosen])))
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
    st.caption(t("drivers.moved", names=_text(sure), n=n) if moved else t("drivers.nothing_moved", n=n))
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

    told = as_shap(found.rows, [charts.latin(name) for name in found.groups], found.amounts)
    axes = shap.plots.beeswarm(told, max_display=len(found.groups), show=False)
    st.pyplot(axes.figure, clear_figure=True)
    plt.close(axes.figure)


def _kind(one: Cluster, everyone: int) -> str:
    name = " · ".join(
        f"{group_label(driver)} {'▲' if here >= usual else '▼'}" for driver, here, usual in one.drivers
    )
    told = [
        t("drivers.driver", group=group_label(driver), here=charts.points(here), all=charts.points(usual))
        for driver, here, usual in one.drivers
    ]
    lines = "".join(f"<li>{escape(line)}</li>" for line in told)
    size = t("drivers.size", n=number(len(one.shoppers)), share=percent(len(one.shoppers) / everyone, 0))
    return (
        f'<div class="sg-kind"><strong>{escape(name)}</strong><span class="sg-quiet">{escape(size)}</span>'
        f"<ul>{lines}</ul></div>"
    )


def _shoppers(found: Drivers, one: Cluster) -> None:
    import pandas as pd

    own = set(one.shoppers)
    rows = [row for row in found.rows if row.shopper in own and row.place == 1]
    st.html(f'<h2 class="sg-h2">{escape(t("drivers.shoppers_of"))}</h2>')
    frame = pd.DataFrame(
        {
            t("drivers.column_shopper"): [row.shopper for row in rows],
            t("drivers.column_history"): [row.history for row in rows],
            **{
                group_label(name): [signed(row.values[found.groups.index(name)]) for row in rows]
                for name, _here, _all in one.drivers
            },
        }
    )
    picked = table(frame, "drivers_shoppers", selection=True)
    shopper = rows[picked[0]].shopper if picked else one.middle
    product = next((row.product for row in rows if row.shopper == shopper), None)
    with st.container(horizontal=True):
        navigation.link(
            "explain",
            t("drivers.explain", shopper=_text(shopper)),
            icon="stacked_bar_chart",
            user=shopper,
            item=product,
        )
        export_button(frame, "shoppers", key="drivers_shoppers_csv")


def _grid(count: int) -> list[st.delta_generator.DeltaGenerator]:
    wide = min(count, 3)
    return [cell for _ in range(-(-count // wide)) for cell in st.columns(wide)][:count]


def _interval(low: float, high: float) -> str:
    return f"{percent(low, 1)}–{percent(high, 1)}"


def _text(words: str) -> str:
    from core.ui.explain_view import plain

    return plain(words)
