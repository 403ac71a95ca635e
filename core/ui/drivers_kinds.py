"""Kinds of shoppers on the Drivers page: each with what sets it apart, and its shoppers."""

from __future__ import annotations

from html import escape
from typing import cast

import streamlit as st

from core.drivers.clusters import Cluster, Method
from core.drivers.kept import Drivers
from core.ui import drivers_state as state
from core.ui import navigation
from core.ui.explain_view import group_label, signed
from core.ui.labels import literal
from core.ui.linked import switch
from core.ui.shell import set_params, whole_param
from core.ui.tables import export_button, table
from core.ui.text import listed, number, percent, t

KINDS: tuple[Method, ...] = ("kmeans", "hdbscan")


def kinds(found: Drivers) -> None:
    """Kinds of shoppers, each with what sets it apart; one of them opens to its shoppers."""
    method = switch(t("drivers.how"), KINDS, "how", "drivers_how", lambda name: t(f"drivers.how_{name}"))
    told = state.kinds(found, cast(Method, method))
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
    place = whole_param("kind", 0, 0, len(told.clusters) - 1)
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


def _kind(one: Cluster, everyone: int) -> str:
    name = " · ".join(
        f"{group_label(driver)} {'▲' if here >= usual else '▼'}" for driver, here, usual in one.drivers
    )
    told = [
        t("drivers.driver", group=group_label(driver), here=percent(here, 0), all=percent(usual, 0))
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
    with st.container(horizontal=True, vertical_alignment="center"):
        navigation.link(
            "explain",
            t("drivers.explain", shopper=literal(shopper)),
            icon="stacked_bar_chart",
            user=shopper,
            item=product,
        )
        export_button(frame, "shoppers", key="drivers_shoppers_csv")


def _grid(count: int) -> list[st.delta_generator.DeltaGenerator]:
    wide = min(count, 3)
    return [cell for _ in range(-(-count // wide)) for cell in st.columns(wide)][:count]
