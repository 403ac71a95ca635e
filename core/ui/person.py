"""Who is deciding: the name that a decision is written under, asked once a visit and kept in the link."""

from __future__ import annotations

import streamlit as st

from core.ui.review_state import NAME_LENGTH, clean_name, signed_in
from core.ui.shell import param, set_params
from core.ui.text import t


def actor(place: str) -> str:
    """The name of the person; "" until there is one. Draws a field for it where nobody has signed in."""
    known = signed_in()
    if known:
        st.caption(t("audit.as", name=known))
        return known
    typed = st.text_input(
        t("review.name"),
        value=clean_name(param("me") or ""),
        max_chars=NAME_LENGTH,
        placeholder=t("review.name"),
        label_visibility="collapsed",
        icon=":material/person:",
        width=220,
        key=f"{place}_actor",
    )
    name = clean_name(typed)
    set_params(me=name)
    return name
