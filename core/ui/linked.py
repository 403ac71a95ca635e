"""Choices that are kept in the link, and follow it when the visitor goes back.

A widget keeps its choice when the browser goes back, and would write it into the link again, so that going back did
nothing. A link that differs from what was written into it is therefore obeyed: ``follow`` before the widget, ``noted``
after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.ui.shell import param, set_params


def switch(label: str, options: Sequence[str], name: str, key: str, format_func: Callable[[str], str]) -> str:
    """Draw a segmented control and give its choice, kept in the link as ``name``; the first option leaves it out."""
    follow(key, next((one for one in options if one == param(name)), options[0]))
    chosen = st.segmented_control(
        label, options, format_func=format_func, required=True, key=key, label_visibility="collapsed"
    )
    chosen = chosen or options[0]
    set_params(**{name: chosen if chosen != options[0] else None})
    return noted(key, chosen)


def follow(key: str, linked: str) -> None:
    """Give the widget of that key, which has no default of its own, what the link says: where it is new, or where the
    link is no longer what was noted."""
    if key not in st.session_state or st.session_state.get(_written(key), linked) != linked:
        st.session_state[key] = linked


def noted(key: str, chosen: str) -> str:
    """Remember, and give back, the choice that the link was left with."""
    st.session_state[_written(key)] = chosen
    return chosen


def _written(key: str) -> str:
    return f"{key}_written"
