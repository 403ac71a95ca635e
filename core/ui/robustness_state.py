"""What the Robustness page reads: the last examination of a run, once for each state of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.robust.kept import FILE, kept
from core.storage.workspaces import Workspace

Row = Mapping[str, Any]


def examined(workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    """The last examination of the run; None before the first."""
    path = workspace.sub("runs") / run_id / FILE
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _examined(str(path), changed, workspace, run_id)


def worst(found: Mapping[str, Any], *, targeted: bool) -> Row:
    """The attack that does the most: that lowers NDCG@10 furthest, or that shows its product to most shoppers."""
    rows = [row for row in found["rows"] if row["targeted"] == targeted]
    if targeted:
        return max(rows, key=lambda row: (row["attacked"]["target_hit"] or 0.0, row["strength"]))
    return min(rows, key=lambda row: row["attacked"]["ndcg@10"])


@st.cache_data(max_entries=8, show_spinner=False)
def _examined(path: str, changed: int, _workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    return kept(_workspace, run_id)
