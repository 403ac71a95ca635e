"""Who looks planted now: shoppers, to be left out of training, and facts, on their way to review."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.robust.spotting import SURE
from core.stages.suspects import leave_out, to_review
from core.storage.decisions import FACT, decisions, left_out, standing
from core.storage.workspaces import Workspace
from core.ui.navigation import link
from core.ui.person import actor
from core.ui.session import cached_catalogue
from core.ui.tables import export_button, table
from core.ui.text import number, percent, relation_label, t

if TYPE_CHECKING:
    from pandas import DataFrame


def suspects(workspace: Workspace, found: Mapping[str, Any]) -> None:
    """Draw both lists with what can be decided about them."""
    st.html(f'<h2 class="sg-h2">{escape(t("robustness.suspects"))}</h2>')
    st.caption(t("robustness.suspects_note"))
    me = actor("robustness")
    people, facts = st.columns(2, gap="large")
    with people:
        _shoppers(workspace, found, me)
    with facts:
        _facts(workspace, found, me)


def _shoppers(workspace: Workspace, found: Mapping[str, Any], me: str) -> None:
    import pandas as pd

    rows, gone = found["detection"]["suspects"], left_out(workspace)
    title = cached_catalogue(workspace).title
    frame = pd.DataFrame(
        {
            t("robustness.column_shopper"): [row["shopper"] for row in rows],
            t("robustness.column_score"): [row["score"] for row in rows],
            t("robustness.column_events"): [row["events"] for row in rows],
            t("robustness.column_pushes"): [title(row["product"]) for row in rows],
            t("robustness.column_decided"): [
                t("robustness.is_out") if row["shopper"] in gone else "" for row in rows
            ],
        }
    )
    picked = _ticked(frame, "robustness_suspects")
    chosen = [rows[k]["shopper"] for k in picked]
    out, back = [one for one in chosen if one not in gone], [one for one in chosen if one in gone]
    with st.container(horizontal=True, vertical_alignment="center"):
        _decide(workspace, "leave_out", "person_off", out, me, back=False)
        _decide(workspace, "take_back", "undo", back, me, back=True)
        export_button(frame, "suspicious-shoppers", key="robustness_suspects_csv")
    if gone:
        st.caption(t("robustness.out_note", n=number(len(gone))))


def _decide(workspace: Workspace, name: str, icon: str, shoppers: list[str], me: str, *, back: bool) -> None:
    st.button(
        _counted(name, len(shoppers)),
        icon=f":material/{icon}:",
        key=f"robustness_{name}",
        disabled=not (shoppers and me),
        help=_before(me, len(shoppers)),
        on_click=leave_out,
        args=(workspace, shoppers, me),
        kwargs={"back": back},
    )


def _facts(workspace: Workspace, found: Mapping[str, Any], me: str) -> None:
    import pandas as pd

    rows = found["detection"]["suspect_facts"]
    sent = standing(decisions(workspace), FACT)
    title = cached_catalogue(workspace).title
    frame = pd.DataFrame(
        {
            t("robustness.column_product"): [title(row["product"]) for row in rows],
            t("robustness.column_score"): [row["score"] for row in rows],
            t("common.relation"): [relation_label(row["relation"]) for row in rows],
            t("common.value"): [row["node"].partition(":")[2] for row in rows],
            t("robustness.column_decided"): [
                t("robustness.in_review") if row.get("fact", "") in sent else "" for row in rows
            ],
        }
    )
    picked = _ticked(frame, "robustness_facts")
    ids = [rows[k].get("fact", "") for k in picked]
    new = [one for one in ids if one and one not in sent]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _counted("send", len(new)),
            icon=":material/outbox:",
            key="robustness_send",
            disabled=not (new and me),
            help=_before(me, len(new)),
            on_click=to_review,
            args=(workspace, new, me, str(found["run"])),
        )
        link("review", t("robustness.to_review"), icon="fact_check", why="suspected", look="fact")
        export_button(frame, "suspicious-facts", key="robustness_facts_csv")
    st.caption(t("robustness.sent_note", sure=percent(SURE, 0), n=number(len(sent))))


def _ticked(frame: DataFrame, key: str) -> list[int]:
    """The table; gives the rows that are ticked. Decisions have their column once there are any."""
    decided = t("robustness.column_decided")
    columns = _columns() | ({} if any(frame[decided]) else {decided: None})
    return table(frame, key, columns=columns, height=317, selection=True, multiple=True)


def _counted(name: str, n: int) -> str:
    return t(f"robustness.{name}_n", n=number(n)) if n else t(f"robustness.{name}")


def _before(me: str, n: int) -> str | None:
    """What has to be done before the button does anything."""
    return t("robustness.name_first") if not me else None if n else t("robustness.pick_first")


def _columns() -> dict[str, Any]:
    return {
        t("robustness.column_score"): st.column_config.ProgressColumn(
            format="%.2f", min_value=0.0, max_value=1.0, width="small"
        ),
        t("robustness.column_product"): st.column_config.TextColumn(width="medium"),
        t("robustness.column_events"): st.column_config.NumberColumn(width="small"),
        t("robustness.column_decided"): st.column_config.TextColumn(width="small"),
    }
