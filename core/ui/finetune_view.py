"""The adapters on screen: their table, their cards, two or more beside each other, and what can be done with one."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from core.errors import ShelfGraphError
from core.llm import adapters
from core.ui.charts import show
from core.ui.evaluate_state import points
from core.ui.finetune_charts import compared_figure, loss_figure
from core.ui.finetune_state import Listed
from core.ui.models_list import size
from core.ui.navigation import link
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import ago, duration, moment, number, percent, t


def adapters_view(known: list[Listed]) -> None:
    """Draw the list; below it the card of the one that is chosen, or those that are chosen beside each other."""
    picked = _table(known)
    chosen = [known[at] for at in picked] or [_asked(known)]
    if len(chosen) == 1:
        _one(chosen[0])
    else:
        _beside(chosen)


def _asked(known: list[Listed]) -> Listed:
    wanted = param("a")
    return next((one for one in known if one.card.name == wanted), known[0])


def _table(known: list[Listed]) -> list[int]:
    import pandas as pd

    frame = pd.DataFrame(
        {
            t("finetune.column_name"): [name_of(one) for one in known],
            t("finetune.column_base"): [one.card.base for one in known],
            t("finetune.column_kind"): [t(f"finetune.option_{one.card.kind}") for one in known],
            t("finetune.column_texts"): [one.card.counts.get("texts", 0) for one in known],
            t("finetune.column_before"): [one.card.loss_before for one in known],
            t("finetune.column_loss"): [one.card.loss for one in known],
            t("finetune.column_right"): [100 * one.card.right for one in known],
            t("finetune.column_f1"): [points(one.f1) for one in known],
            t("finetune.column_when"): [ago(one.card.created_at) for one in known],
        }
    )
    loss = st.column_config.NumberColumn(format="%.3f", width="small")
    share = st.column_config.NumberColumn(format="%.1f", width="small")
    columns = {
        t("finetune.column_before"): loss,
        t("finetune.column_loss"): loss,
        t("finetune.column_right"): share,
        t("finetune.column_f1"): st.column_config.TextColumn(width="small", alignment="right"),
        t("finetune.column_texts"): st.column_config.NumberColumn(width="small"),
    }
    picked = table(frame, f"finetune-adapters-{len(known)}", columns=columns, selection=True, multiple=True)
    with st.container(horizontal=True, vertical_alignment="center", key="finetune-list-foot"):
        st.caption(t("finetune.list_hint"))
        export_button(frame, "adapters", key="finetune-export")
    return picked


def name_of(one: Listed) -> str:
    """What an adapter is called on screen."""
    return t("finetune.shipped") if one.shipped else one.card.name


def _one(one: Listed) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.html(_card(one))
        _actions(one)
    with right:
        curves = one.curves
        st.html(f'<h2 class="sg-h2">{escape(t("finetune.curves"))}</h2>')
        show(loss_figure(curves["steps"], curves["checks"]), f"finetune-curves-{one.card.version}")


def _beside(chosen: list[Listed]) -> None:
    named = {f"{name_of(one)} · {one.card.version[:4]}": one.curves["checks"] for one in chosen}
    st.html(f'<h2 class="sg-h2">{escape(t("finetune.compared"))}</h2>')
    if len({one.card.data_hash for one in chosen}) > 1:
        st.caption(f":material/info: {t('finetune.other_texts')}")
    show(compared_figure(named), "finetune-compared")
    columns = st.columns(min(3, len(chosen)))
    for at, one in enumerate(chosen):
        with columns[at % len(columns)]:
            st.html(_card(one))


def _card(one: Listed) -> str:
    card = one.card
    counts = card.counts
    rows = {
        "base": f"{card.base} · {card.base_hash[:8]}",
        "kind": _kind(one),
        "data": f"{card.data} · {card.data_hash[:8]}",
        "texts": t(
            "finetune.card_texts_told",
            texts=number(counts.get("texts")),
            lessons=number(counts.get("lessons")),
            valid=number(counts.get("valid_texts")),
        ),
        "loss": f"{number(card.loss_before, 3)} → {number(card.loss, 3)}",
        "right": percent(card.right, 1),
        "f1": points(one.f1),
        "steps": t("finetune.card_steps_told", n=number(card.steps), time=duration(card.seconds)),
        "speed": t(
            "finetune.card_speed_told", n=number(card.tokens_per_s, 0), memory=number(card.memory_mb, 0)
        ),
        "machine": f"{card.machine} · {card.precision}",
        "seed": str(card.config.get("seed", 0)),
        "size": f"{size(one.size)} · {card.version}",
    }
    drawn = "".join(
        f'<div class="sg-row"><span>{escape(t(f"finetune.card_{name}"))}</span>'
        f'<span class="sg-row-value">{escape(value)}</span></div>'
        for name, value in rows.items()
    )
    when = (
        f'<span title="{escape(moment(card.created_at), quote=True)}">{escape(ago(card.created_at))}</span>'
    )
    return (
        f'<div class="sg-tune-card"><h2 class="sg-h2">{escape(name_of(one))}</h2>'
        f'<div class="sg-card-meta">{when} · <code>{escape(one.model)}</code></div>{drawn}</div>'
    )


def _kind(one: Listed) -> str:
    config, name = one.card.config, t(f"finetune.option_{one.card.kind}")
    if one.card.kind in ("lora", "adalora"):
        variant = str(config.get("variant", "plain"))
        name = t(f"finetune.option_{variant}") if variant != "plain" else name
        name = t("finetune.card_rank", kind=name, rank=number(config.get("rank")))
    return t("finetune.card_kind_told", kind=name, n=number(one.card.counts.get("parameters", 0)))


def _actions(one: Listed) -> None:
    with st.container(horizontal=True, key="finetune-actions"):
        link("build", t("finetune.use"), icon="auto_awesome_motion", model=one.model)
        link("evaluate", t("finetune.judge"), icon="query_stats", view="new")
        if one.shipped:
            return
        with st.popover("", icon=":material/edit:", help=t("finetune.rename")):
            wanted = st.text_input(
                t("finetune.name"), one.card.name, max_chars=40, key=f"rename-{one.card.name}"
            )
            st.button(
                t("finetune.rename_go"),
                key=f"rename-go-{one.card.name}",
                on_click=partial(_rename, one.card.name, wanted),
            )
        with st.popover("", icon=":material/delete:", help=t("finetune.delete")):
            st.caption(t("finetune.delete_why"))
            st.button(
                t("finetune.delete_go"),
                key=f"delete-{one.card.name}",
                on_click=partial(_delete, one.card.name),
            )


def _rename(name: str, wanted: str) -> None:
    try:
        adapters.rename(name, wanted)
        set_params(a=wanted)
    except ShelfGraphError as error:
        st.toast(str(error), icon=":material/error:")


def _delete(name: str) -> None:
    try:
        adapters.delete(name)
        set_params(a=None)
    except ShelfGraphError as error:
        st.toast(str(error), icon=":material/error:")
