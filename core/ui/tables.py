"""Tables, and their safe way out of the app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.spreadsheet import defused
from core.ui.text import t

if TYPE_CHECKING:
    from pandas import DataFrame

ROW_PIXELS = 33
"""A row's height at the theme's font size."""
MOST_ROWS = 12


def table(
    df: DataFrame,
    key: str,
    *,
    columns: Mapping[str, Any] | None = None,
    height: int | None = None,
    selection: bool = False,
    multiple: bool = False,
) -> list[int]:
    """Draw ``df`` and return the positions (0-based) of the rows that are selected, [] where none is.

    ``columns`` maps a column to a ``st.column_config`` entry, a label, or None to hide it. Without ``height`` the
    table is as tall as its rows, up to twelve.
    """
    pixels = height or ROW_PIXELS * (min(len(df), MOST_ROWS) + 1) + 2
    options: dict[str, Any] = {
        "width": "stretch",
        "height": pixels,
        "hide_index": True,
        "column_config": dict(columns or {}),
        "key": key,
    }
    if not selection:
        st.dataframe(df, **options)
        return []
    state: Any = st.dataframe(
        df, **options, on_select="rerun", selection_mode="multi-row" if multiple else "single-row"
    )
    return [int(row) for row in state["selection"]["rows"] if row < len(df)]


def export_button(df: DataFrame, name: str, *, label: str = "", key: str = "") -> None:
    """A button that downloads ``df`` as ``<name>.csv``, safe to open in a spreadsheet."""
    st.download_button(
        label or t("common.download_csv"),
        data=lambda: to_csv(df),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        key=key or f"export_{name}",
        on_click="ignore",
    )


def to_csv(df: DataFrame) -> bytes:
    """CSV in UTF-8 with a byte-order mark (spreadsheets need it for Chinese), every cell and heading defused."""
    safe = df.rename(columns=lambda name: defused(str(name)))
    for position, dtype in enumerate(safe.dtypes):
        if dtype.kind not in "biufcmM":
            safe.isetitem(position, safe.iloc[:, position].map(_defused_value))
    text: str = safe.to_csv(index=False)
    return text.encode("utf-8-sig")


def _defused_value(value: Any) -> Any:
    return defused(value) if isinstance(value, str) else value
