"""The encoders of a workspace on screen: their table, how the kinds compare, and the card of the one that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import ShelfGraphError
from core.llm.encoder_kinds import EncoderKind
from core.llm.learned import read_curves
from core.recommend.tuning.kept import EncoderCard, delete, folder_of, users
from core.storage.workspaces import Workspace
from core.ui.charts import show
from core.ui.encoder_charts import change_figure, contrast_figure, ndcg_figure, perplexity_figure
from core.ui.encoder_state import kind_name, name_of
from core.ui.navigation import link
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import NOT_MEASURED, ago, duration, moment, number, percent, t

if TYPE_CHECKING:
    from pandas import DataFrame


def encoders_view(workspace: Workspace, cards: Sequence[EncoderCard]) -> None:
    """Draw the table, the comparison that the chosen one belongs to, and its card."""
    frame = _frame(cards)
    figure = st.column_config.NumberColumn(format="%.4f", width=92)
    columns = {
        t("encoder.column_change"): st.column_config.TextColumn(width=222),
        t("encoder.column_parameters"): st.column_config.NumberColumn(format="localized"),
        t("encoder.column_memory"): st.column_config.TextColumn(alignment="right"),
        **{t(f"encoder.column_{name}"): figure for name in ("ndcg", "hr", "recall")},
    }
    picked = table(frame, f"encoder-table-{len(cards)}", columns=columns, selection=True)
    with st.container(horizontal=True, vertical_alignment="center", key="finetune-list-foot"):
        st.caption(t("encoder.table_hint"))
        export_button(frame, "encoders", key="encoder-export")
    chosen = cards[picked[0]] if picked else _asked(cards)
    together = [card for card in cards if card.job == chosen.job]
    if len(together) > 1:
        st.html(f'<h2 class="sg-h2">{escape(t("encoder.compared"))}</h2>')
        st.markdown(_verdict(together))
        show(change_figure(together), f"encoder-compared-{chosen.job}")
    _one(workspace, chosen)


def _asked(cards: Sequence[EncoderCard]) -> EncoderCard:
    """The one of the link, else the best of the latest job."""
    wanted = param("e")
    latest = [card for card in cards if card.job == cards[0].job]
    best = max(latest, key=lambda card: card.valid["ndcg"])
    return next((card for card in cards if card.id == wanted), best)


def _frame(cards: Sequence[EncoderCard]) -> DataFrame:
    from pandas import DataFrame

    rows = [
        {
            t("encoder.column_kind"): kind_name(card.kind),
            t("encoder.column_ndcg"): card.valid["ndcg"],
            t("encoder.column_change"): _change(card),
            t("encoder.column_hr"): card.valid["hr"],
            t("encoder.column_recall"): card.valid["recall"],
            t("encoder.column_parameters"): card.counts["parameters"],
            t("encoder.column_share"): percent(card.counts["parameters"] / card.counts["all_parameters"], 2),
            t("encoder.column_memory"): number(card.memory_mb or None, 0),
            t("encoder.column_seconds"): duration(card.seconds),
            t("encoder.column_perplexity"): _perplexity(card),
            t("encoder.column_base"): card.base,
            t("encoder.column_name"): card.name,
            t("encoder.column_when"): ago(card.created_at),
        }
        for card in cards
    ]
    return DataFrame(rows)


def _verdict(cards: Sequence[EncoderCard]) -> str:
    """What the comparison says, and no more than that."""
    best = max(cards, key=lambda card: card.valid["ndcg"])
    fields = {"kind": kind_name(best.kind), "change": _change(best), "n": number(len(cards))}
    if best.change["low"] > 0:
        return t("encoder.verdict_better", **fields)
    return t("encoder.verdict_unsure" if best.change["mean"] > 0 else "encoder.verdict_none", **fields)


def _one(workspace: Workspace, card: EncoderCard) -> None:
    curves = read_curves(folder_of(workspace, card.id))
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.html(_card(card))
        _actions(workspace, card)
    with right:
        if not curves["steps"]:
            st.caption(t("encoder.no_curves"))
            return
        show(ndcg_figure(curves["checks"], card.frozen["ndcg"]), f"encoder-ndcg-{card.id}")
        show(contrast_figure(curves["steps"]), f"encoder-loss-{card.id}")
        if card.perplexity is not None:
            show(perplexity_figure(curves["checks"]), f"encoder-perplexity-{card.id}")


def _card(card: EncoderCard) -> str:
    counts = card.counts
    rows = {
        "base": f"{card.base} · {card.base_hash[:8]}",
        "parameters": t(
            "encoder.card_parameters_told",
            n=number(counts["parameters"]),
            share=percent(counts["parameters"] / counts["all_parameters"], 2),
        ),
        "data": t(
            "encoder.card_data_told",
            pairs=number(counts["pairs"]),
            texts=number(counts["texts"]),
            hash=card.data_hash[:8],
        ),
        "until": moment(card.until)[:10],
        "perplexity": _perplexity(card),
        "valid": f"{number(card.frozen['ndcg'], 4)} → {number(card.valid['ndcg'], 4)}",
        "change": _change(card),
        "steps": t("encoder.card_steps_told", n=number(card.steps), time=duration(card.seconds)),
        "speed": t(
            "encoder.card_speed_told", n=number(card.texts_per_s, 1), memory=number(card.memory_mb or None, 0)
        ),
        "machine": f"{card.machine} · {card.precision}",
        "seed": str(card.config.get("seed", 0)),
    }
    drawn = "".join(
        f'<div class="sg-row"><span>{escape(t(f"encoder.card_{name}"))}</span>'
        f'<span class="sg-row-value">{escape(value)}</span></div>'
        for name, value in rows.items()
    )
    when = (
        f'<span title="{escape(moment(card.created_at), quote=True)}">{escape(ago(card.created_at))}</span>'
    )
    return (
        f'<div class="sg-tune-card"><h2 class="sg-h2">{escape(name_of(card))}</h2>'
        f'<div class="sg-card-meta">{when} · <code>{escape(card.id)}</code></div>{drawn}</div>'
    )


def _actions(workspace: Workspace, card: EncoderCard) -> None:
    needed = users(workspace, card.id)
    if needed:
        st.caption(t("encoder.used", n=number(len(needed)), name=needed[0].name))
    with st.container(horizontal=True, vertical_alignment="center", key="finetune-actions"):
        link("train", t("encoder.use"), icon="model_training", encoder=card.id)
        with st.popover("", icon=":material/delete:", help=t("encoder.delete"), disabled=bool(needed)):
            st.caption(t("encoder.delete_why"))
            st.button(
                t("encoder.delete_go"),
                key=f"encoder-delete-{card.id}",
                on_click=partial(_delete, workspace, card.id),
            )


def _delete(workspace: Workspace, encoder: str) -> None:
    try:
        delete(workspace, encoder)
        set_params(e=None)
    except ShelfGraphError as error:
        st.toast(str(error), icon=":material/error:")


def _perplexity(card: EncoderCard) -> str:
    if card.perplexity is None:
        return number(None)
    return f"{number(card.perplexity_before, 0)} → {number(card.perplexity, 0)}"


def _change(card: EncoderCard) -> str:
    """The mean change with its interval; "–" for the one that the others are held against."""
    if card.kind == EncoderKind.FROZEN:
        return NOT_MEASURED
    mean, low, high = (signed(card.change[name]) for name in ("mean", "low", "high"))
    return t("encoder.change", mean=mean, low=low, high=high)


def signed(value: float) -> str:
    """With a plus where it is above zero."""
    text = number(value, 4)
    return f"+{text}" if value > 0 else text
