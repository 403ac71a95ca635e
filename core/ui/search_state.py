"""What the Search page reads: searches on disk, again only when a file of theirs has changed."""

from __future__ import annotations

import streamlit as st

from core.recommend.search.kept import Kept, folder_of, list_searches, read_search
from core.recommend.search.plan import BASELINES, FOUND, PLAN, TRIALS
from core.storage.workspaces import Workspace

MOST = 30
"""So many searches are offered, the latest."""


def searches(workspace: Workspace) -> list[Kept]:
    """The latest searches, newest first."""
    found = (kept_search(workspace, one) for one in list_searches(workspace)[:MOST])
    return [one for one in found if one is not None]


def kept_search(workspace: Workspace, search_id: str) -> Kept | None:
    """A search as it is on disk now; None before it has begun."""
    folder = folder_of(workspace, search_id)
    if not (folder / PLAN).is_file():
        return None
    files = [folder / name for name in (PLAN, TRIALS, BASELINES, FOUND)]
    stamp = tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
    return _kept(str(folder), stamp, workspace, search_id)


@st.cache_resource(max_entries=64, show_spinner=False)
def _kept(folder: str, stamp: tuple[int, ...], _workspace: Workspace, search_id: str) -> Kept:
    return read_search(_workspace, search_id)
