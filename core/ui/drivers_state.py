"""What the Drivers page reads: the last measurement of a run and what follows from it, once for each state of it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.drivers.clusters import Clustering, Method, clustered
from core.drivers.drift import Shift, drift
from core.drivers.importance import Weight, group_weights, importance, relation_weights
from core.drivers.kept import Drivers, kept, path_of
from core.stages.drivers import segments
from core.storage.workspaces import Workspace
from core.ui.session import catalogue_stamp


def measured(workspace: Workspace, run_id: str) -> Drivers | None:
    """The last measurement of the run; None before the first."""
    try:
        changed = path_of(workspace, run_id).stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _measured(str(workspace.folder), run_id, changed, workspace)


def weights(found: Drivers, of: str) -> list[Weight]:
    """The importance of the groups, or of the relations."""
    return _weights(found.run, found.created_at, of, found)


def parts(workspace: Workspace, found: Drivers, dimension: str) -> dict[str, list[Weight]]:
    """The importance of the groups in each segment of a dimension."""
    every = _segments(found.run, found.created_at, catalogue_stamp(workspace), workspace, found)
    own: dict[str, list[Weight]] = every[dimension]
    return own


def kinds(found: Drivers, method: Method) -> Clustering:
    """The kinds of shoppers."""
    return _kinds(found.run, found.created_at, method, found)


def shifts(before: Drivers, after: Drivers, of: str) -> list[Shift]:
    """What groups or relations gained or lost from one run to the other."""
    return _shifts((before.run, before.created_at, after.run, after.created_at), of, before, after)


@st.cache_resource(max_entries=8, show_spinner=False)
def _measured(folder: str, run_id: str, changed: int, _workspace: Workspace) -> Drivers | None:
    return kept(_workspace, run_id)


@st.cache_data(max_entries=32, show_spinner=False)
def _weights(run_id: str, when: float, of: str, _found: Drivers) -> list[Weight]:
    own = group_weights(_found.rows, _found.groups) if of == "groups" else relation_weights(_found.rows)
    return importance(own)


@st.cache_data(max_entries=8, show_spinner=False)
def _segments(
    run_id: str, when: float, stamp: Any, _workspace: Workspace, _found: Drivers
) -> dict[str, dict[str, list[Weight]]]:
    return segments(_workspace, _found)


@st.cache_data(max_entries=16, show_spinner=False)
def _kinds(run_id: str, when: float, method: Method, _found: Drivers) -> Clustering:
    return clustered(group_weights(_found.rows, _found.groups), method)


@st.cache_data(max_entries=16, show_spinner=False)
def _shifts(key: Any, of: str, _before: Drivers, _after: Drivers) -> list[Shift]:
    if of == "groups":
        return drift(group_weights(_before.rows, _before.groups), group_weights(_after.rows, _after.groups))
    return drift(relation_weights(_before.rows), relation_weights(_after.rows))
