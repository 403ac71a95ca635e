"""Who looks planted now: shoppers, to be left out of training, and facts, on their way to review."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

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
            t("robustness.column_decided"): [
                t("robustness.is_out") if row["shopper"] in gone else "" for row in rows
            ],
            t("robustness.column_pushes"): [title(row["product"]) for row in rows],
        }
    )
    picked = table(
        frame, "robustness_suspects", columns=_columns(), height=318, selection=True, multiple=True
    )
    chosen = [rows[k]["shopper"] for k in picked]
    out, back = [one for one in chosen if one not in gone], [one for one in chosen if one in gone]
    with st.container(horizontal=True):
        _decide(workspace, "leave_out", "person_off", out, me, back=False)
        _decide(workspace, "take_back", "undo", back, me, back=True)
        export_button(frame, "suspicious-shoppers", key="robustness_suspects_csv")
    if gone:
        st.caption(t("robustness.out_note", n=number(len(gone))))


def _decide(workspace: Workspace, name: str, icon: str, shoppers: list[str], me: str, *, back: bool) -> None:
    st.button(
        t(f"robustness.{name}", n=number(len(shoppers))),
        icon=f":material/{icon}:",
        key=f"robustness_{name}",
        disabled=not (shoppers and me),
        help=None if me else t("robustness.name_first"),
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
    picked = table(frame, "robustness_facts", columns=_columns(), height=318, selection=True, multiple=True)
    ids = [rows[k].get("fact", "") for k in picked]
    new = [one for one in ids if one and one not in sent]
    with st.container(horizontal=True):
        st.button(
            t("robustness.send", n=number(len(new))),
            icon=":material/outbox:",
            key="robustness_send",
            disabled=not (new and me),
            help=None if me else t("robustness.name_first"),
            on_click=to_review,
            args=(workspace, new, me, str(found["run"])),
        )
        link("review", t("robustness.to_review"), icon="fact_check", why="suspected", look="fact")
        export_button(frame, "suspicious-facts", key="robustness_facts_csv")
    st.caption(t("robustness.sent_note", sure=percent(SURE, 0), n=number(len(sent))))


def _columns() -> dict[str, Any]:
    return {
        t("robustness.column_score"): st.column_config.ProgressColumn(
            format="%.2f", min_value=0.0, max_value=1.0, width="small"
        ),
        t("robustness.column_product"): st.column_config.TextColumn(width="medium"),
        t("robustness.column_events"): st.column_config.NumberColumn(width="small"),
        t("robustness.column_decided"): st.column_config.TextColumn(width="small"),
    }
