"""The view "Kept apart": rows that did not fit, with line, column and reason; mended in place, or dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.catalogue.delimited import UNPARSED
from core.catalogue.mending import readmit
from core.catalogue.quarantine import ADMITTED, OPEN, Kept
from core.catalogue.sources import Source
from core.catalogue.store import Catalogue
from core.storage.workspaces import Workspace
from core.ui.catalogue_state import Figures, issue_text, kind_name, reason_text
from core.ui.labels import literal
from core.ui.shell import param, set_params
from core.ui.tables import export_button
from core.ui.text import distinct, number, t

ROWS = 100
_ID, _TICK, _LINE, _WHY = "__id", "__tick", "__line", "__why"
_OUTCOME = "catalogue-apart-outcome"


def draw(workspace: Workspace, now: Figures) -> None:
    """Draw the view."""
    catalogue = Catalogue(workspace)
    _outcome()
    tally = catalogue.quarantine_tally()
    status = _status(now)
    counts: dict[str, int] = {}
    for source_id, state, _, count in tally:
        if state == status:
            counts[source_id] = counts.get(source_id, 0) + count
    if not counts:
        st.info(t(f"catalogue.apart_none_{status}"), icon=":material/check_circle:")
        return
    sources = {source.id: source for source in catalogue.sources() if source.id in counts}
    left, right = st.columns(2)
    with left:
        source = _source(sources, counts)
    reasons = {
        reason: count
        for source_id, state, reason, count in tally
        if (source_id, state) == (source.id, status)
    }
    with right:
        reason = _reason(reasons)
    total = reasons.get(reason, sum(reasons.values()))
    page = _page(total)
    kept = catalogue.quarantine(
        source_id=source.id, status=status, reason=reason, offset=page * ROWS, limit=ROWS
    )
    st.caption(t(f"catalogue.apart_hint_{status}"))
    _editor(catalogue, source, kept, status)


def _status(now: Figures) -> str:
    labels = {OPEN: number(now.quarantined), ADMITTED: number(now.noted)}
    if not now.noted:
        return OPEN
    chosen = st.segmented_control(
        t("catalogue.apart_which"),
        (OPEN, ADMITTED),
        default=OPEN,
        format_func=lambda one: f"{t(f'catalogue.apart_{one}')} ({labels[one]})",
        key="catalogue-apart-status",
        label_visibility="collapsed",
    )
    return chosen or OPEN


def _source(sources: Mapping[str, Source], counts: Mapping[str, int]) -> Source:
    labels = distinct(
        {
            one: f"{sources[one].name} · {kind_name(sources[one].kind)} ({number(counts[one])})"
            for one in sources
        }
    )
    ids = list(labels)
    asked = param("source", "") or ""
    chosen = st.selectbox(
        t("catalogue.source"),
        ids,
        index=ids.index(asked) if asked in ids else 0,
        format_func=lambda one: labels.get(one, one),
        key="catalogue-apart-source",
        on_change=lambda: set_params(source=st.session_state["catalogue-apart-source"]),
    )
    return sources[chosen]


def _reason(reasons: Mapping[str, int]) -> str:
    if len(reasons) < 2:
        return ""
    return st.selectbox(
        t("catalogue.reason"),
        ["", *sorted(reasons, key=lambda one: -reasons[one])],
        format_func=lambda one: f"{reason_text(one)} ({number(reasons[one])})" if one else t("common.all"),
        key="catalogue-apart-reason",
    )


def _page(total: int) -> int:
    if total <= ROWS:
        return 0
    last = (total - 1) // ROWS + 1
    return (
        int(st.number_input(t("catalogue.page_of", n=number(last)), 1, last, 1, key="catalogue-apart-page"))
        - 1
    )


def _editor(catalogue: Catalogue, source: Source, kept: Sequence[Kept], status: str) -> None:
    import pandas as pd

    found = dict.fromkeys(name for entry in kept for name in entry.raw)
    columns = list(dict.fromkeys((*([UNPARSED] if UNPARSED in found else []), *source.columns, *found)))
    rows = [
        {
            _ID: entry.id,
            _TICK: False,
            _LINE: entry.line,
            _WHY: reason_text(entry.reason, entry.column, entry.detail),
            **{name: entry.raw.get(name, "") for name in columns},
        }
        for entry in kept
    ]
    frame = pd.DataFrame(rows)
    config: dict[str, Any] = {
        _ID: None,
        _TICK: st.column_config.CheckboxColumn(t("catalogue.choose"), width="small", pinned=True),
        _LINE: st.column_config.NumberColumn(t("catalogue.line"), width="small", pinned=True, disabled=True),
        _WHY: st.column_config.TextColumn(t("catalogue.reason"), width="medium", pinned=True, disabled=True),
    }
    if UNPARSED in found:
        config[UNPARSED] = st.column_config.TextColumn(
            t("catalogue.whole_line"), width="medium", disabled=True
        )
    edited = st.data_editor(
        frame,
        column_config=config,
        hide_index=True,
        width="stretch",
        num_rows="fixed",
        key=f"catalogue-editor-{source.id}-{status}-{rows[0][_ID] if rows else 0}-{len(rows)}",
    )
    wishes = wanted(kept, edited.to_dict("records"), columns)
    with st.container(horizontal=True, vertical_alignment="center"):
        everything = not wishes
        key, count = ("retry_all", len(kept)) if everything else ("retry", len(wishes))
        label = t(f"catalogue.{key}", n=number(count))
        if st.button(label, type="primary", icon=":material/healing:", key="catalogue-retry"):
            _retry(catalogue, wishes or {entry.id: None for entry in kept})
        if st.button(
            t("catalogue.drop", n=number(len(wishes))),
            icon=":material/delete_sweep:",
            disabled=everything,
            key="catalogue-drop",
            help=t("catalogue.drop_help"),
        ):
            catalogue.drop(list(wishes))
            st.session_state[_OUTCOME] = (0, [], len(wishes))
            st.rerun()
        export_button(
            frame.drop(columns=[_ID, _TICK]).rename(columns=_headings()), f"{source.name}-kept-apart"
        )


def wanted(
    kept: Sequence[Kept], edited: Sequence[Mapping[Any, Any]], columns: Sequence[str]
) -> dict[int, dict[str, str] | None]:
    """Entry id → the mended row, or None for one that was only ticked; rows left alone are not in it."""
    found: dict[int, dict[str, str] | None] = {}
    for entry, row in zip(kept, edited, strict=True):
        cells = {name: "" if row.get(name) is None else str(row[name]) for name in columns}
        if cells != {name: entry.raw.get(name, "") for name in columns}:
            found[entry.id] = cells
        elif row[_TICK]:
            found[entry.id] = None
    return found


def _retry(catalogue: Catalogue, wishes: Mapping[int, Mapping[str, str] | None]) -> None:
    outcome = readmit(catalogue, wishes)
    st.session_state[_OUTCOME] = (outcome.admitted, outcome.left, 0)
    st.rerun()


def _outcome() -> None:
    """What the last click did; told once."""
    admitted, left, dropped = st.session_state.pop(_OUTCOME, (0, [], 0))
    if admitted:
        st.success(t("catalogue.mended", n=number(admitted)), icon=":material/check_circle:")
    if dropped:
        st.info(t("catalogue.dropped", n=number(dropped)), icon=":material/delete_sweep:")
    if left:
        told = dict.fromkeys(map(issue_text, left))
        st.warning(
            t("catalogue.still_apart", n=number(len(left)), why=literal("; ".join(list(told)[:5]))),
            icon=":material/error:",
        )


def _headings() -> dict[str, str]:
    return {_LINE: t("catalogue.line"), _WHY: t("catalogue.reason")}
