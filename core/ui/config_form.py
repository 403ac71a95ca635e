"""A field of a typed configuration as a widget, worded by its page."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from core.form import Entry
from core.ui.text import t


def widget(entry: Entry, value: Any, page: str, key: str) -> Any:
    """Draw a field that starts at ``value`` and give what it is set to; label, help and options are the page's texts
    ``field_…``, ``help_…`` and ``option_…``."""
    common: dict[str, Any] = {
        "label": t(f"{page}.field_{entry.name}"),
        "help": t(f"{page}.help_{entry.name}"),
        "key": f"{key}_{entry.name}",
    }
    if entry.kind == "choice":
        return st.selectbox(
            options=entry.options,
            index=entry.options.index(value),
            format_func=lambda option: t(f"{page}.option_{option}"),
            **common,
        )
    if entry.kind == "switch":
        return st.toggle(value=value, **common)
    if entry.kind == "text":
        return st.text_input(value=value, **common)
    if entry.kind == "whole":
        least, most = int(entry.least or 0), int(entry.most or 10**9)
        return int(st.number_input(value=int(value), min_value=least, max_value=most, step=1, **common))
    step = 10.0 ** math.floor(math.log10(value)) if value else 0.1
    return float(
        st.number_input(
            value=float(value), min_value=entry.least, max_value=entry.most, step=step, format="%g", **common
        )
    )
