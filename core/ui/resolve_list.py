"""Decided pairs as a list with their undoing, and the press that merges many at once."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.graph.matches import ACTOR, Candidate, Matches, Status
from core.storage.workspaces import Workspace
from core.ui import resolve_press as press
from core.ui.resolve_card import likely, marked, shown
from core.ui.session import cached_catalogue, cached_graph
from core.ui.text import ago, number, percent, t

BULK = 90


def bulk(workspace: Workspace) -> None:
    """Draw the threshold from which on all open pairs are merged, and the press, which asks once more."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="resolve-bulk"):
        chosen = st.slider(
            t("resolve.accept_from"), 50, 100, BULK, format="%d%%", key="resolve-from", width=260
        )
        least = int(chosen) / 100
        count = len(press.together(workspace, least))
        if st.session_state.get("resolve_confirm") == chosen and count:
            st.markdown(t("resolve.confirm", n=number(count)))
            st.button(
                t("resolve.confirm_yes", n=number(count)),
                key="resolve-confirm-yes",
                on_click=press.accept_all,
                args=(workspace, least),
            )
            st.button(t("resolve.confirm_no"), type="tertiary", key="resolve-confirm-no", on_click=_leave)
            return
        share = percent(least, 0)
        st.button(
            t("resolve.accept_all", n=number(count), share=share)
            if count
            else t("resolve.accept_none", share=share),
            icon=":material/done_all:",
            key="resolve-accept-all",
            disabled=not count,
            on_click=_ask,
            args=(chosen,),
        )


def decided(workspace: Workspace, status: Status, rows: int) -> None:
    """Draw the pairs that are merged or kept apart, the latest first."""
    matches = Matches(workspace)
    found = matches.read(status, limit=rows)
    if not found:
        st.markdown(t(f"resolve.nothing_{status.value}"))
        return
    if status is Status.MERGED:
        st.caption(t("resolve.list_note"))
    for candidate in found:
        _row(workspace, candidate)
    left = sum(n for (kind, _), n in matches.counts().items() if kind is status) - len(found)
    if left > 0:
        st.button(
            t("resolve.more", n=number(min(left, rows))),
            key="resolve-more",
            on_click=press.more,
            args=(rows * 2,),
        )


def _row(workspace: Workspace, candidate: Candidate) -> None:
    graph, catalogue = cached_graph(workspace), cached_catalogue(workspace)
    one, other = (shown(node, graph, catalogue, {}) for node in candidate.key)
    who = t("resolve.by_itself") if candidate.actor == ACTOR else t("resolve.by", name=candidate.actor)
    exact = candidate.evidence.get("anchor")
    notes = [*filter(None, [one.source]), who, ago(candidate.time), likely(candidate)]
    notes += [t(f"resolve.anchor_{exact}")] if exact else []
    place = f"{candidate.one}~{candidate.other}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"resolve-row-{place}"):
        st.html(
            f'<div class="sg-pair"><div>{marked(one.title, other.title)}</div>'
            f"<div>{marked(other.title, one.title)}</div><small>{escape(' · '.join(notes))}</small></div>"
        )
        st.button(
            t("resolve.undo") if candidate.status is Status.MERGED else t("resolve.reopen"),
            icon=":material/undo:",
            type="tertiary",
            key=f"resolve-undo-{place}",
            on_click=press.take_back,
            args=(workspace, *candidate.key),
        )


def _ask(chosen: int) -> None:
    st.session_state["resolve_confirm"] = chosen


def _leave() -> None:
    st.session_state.pop("resolve_confirm", None)
