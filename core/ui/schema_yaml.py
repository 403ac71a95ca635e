"""The schema as text, with what is wrong at its lines."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.extract.schema_text import Remark
from core.ui.schema_state import Draft
from core.ui.text import number, t

HEIGHT = 470
MOST_REMARKS = 12


def editor(draft: Draft) -> None:
    """Draw the text; what is typed goes into the draft."""
    key = f"schema_yaml_{draft.nonce}"
    typed = st.text_area(
        t("schema.yaml_label"),
        draft.base,
        key=key,
        height=HEIGHT,
        label_visibility="collapsed",
        on_change=_typed,
        args=(draft, key),
    )
    draft.text = typed
    found = draft.checked()
    with st.container(horizontal=True, vertical_alignment="center"):
        if found.raw is not None:
            st.caption(t("schema.yaml_good", lines=number(len(typed.splitlines()))), width="stretch")
        st.download_button(
            t("schema.yaml_download"),
            data=typed,
            file_name="schema.yaml",
            mime="application/yaml",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )
    remarks(draft.text, found.remarks)


def _typed(draft: Draft, key: str) -> None:
    """Know what was typed before the page is drawn, as what it offers depends on it."""
    draft.text = str(st.session_state[key])


def remarks(text: str, listed: Sequence[Remark]) -> None:
    """What is wrong, line by line, each with the line itself."""
    if not listed:
        return
    lines = text.splitlines()
    shown = "".join(_remark(remark, lines) for remark in listed[:MOST_REMARKS])
    more = len(listed) - MOST_REMARKS
    rest = f'<p class="sg-quiet">{escape(t("schema.remarks_more", n=number(more)))}</p>' if more > 0 else ""
    st.html(f'<div class="sg-remarks" role="alert">{shown}</div>{rest}')


def told(remark: Remark) -> str:
    """A remark in the visitor's language."""
    return t(f"schema.fault_{remark.code}", **remark.fields)


def _remark(remark: Remark, lines: Sequence[str]) -> str:
    line = lines[remark.line - 1].strip() if remark.line <= len(lines) else ""
    kind = "fault" if remark.fatal else "hint"
    quoted = f"<code>{escape(line[:120])}</code>" if line else ""
    place = escape(t("schema.line", n=number(remark.line)))
    return f'<div class="sg-remark sg-remark-{kind}"><b>{place}</b><span>{escape(told(remark))}{quoted}</span></div>'
