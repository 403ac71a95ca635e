"""What the last press has done, said in the line of state of its page."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

LASTS_SECONDS = 6.0
"""So long it stays through reruns: a table or a poll may draw the page again right after a press."""


def tell(place: str, said: Any) -> None:
    """Have ``place`` say this from its next drawing on, in place of what it said before."""
    st.session_state[_key(place)] = (said, None)


def told(place: str, default: Any = "") -> Any:
    """What ``place`` has to say now, or ``default``."""
    said, since = st.session_state.get(_key(place), (default, None))
    if since is not None and time.monotonic() - since > LASTS_SECONDS:
        hush(place)
        return default
    if _key(place) in st.session_state and since is None:
        st.session_state[_key(place)] = (said, time.monotonic())
    return said


def hush(place: str) -> None:
    """Have ``place`` say nothing more."""
    st.session_state.pop(_key(place), None)


def _key(place: str) -> str:
    return f"told_{place}"
