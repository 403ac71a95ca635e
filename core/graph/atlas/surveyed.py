"""The surveys of a workspace: found where they are kept, or made from its graph and log."""

from __future__ import annotations

from pathlib import Path

from core.graph.atlas import survey_file
from core.graph.atlas.survey import Survey, Tell, survey
from core.graph.model import Graph
from core.graph.support import arrivals, moments
from core.storage.workspaces import Workspace

QUICK = 60_000
"""Up to so many facts a survey takes a few seconds at most, and needs no job."""


def folder(workspace: Workspace) -> Path:
    """Where the surveys of a workspace lie."""
    return workspace.sub("maps")


def kept(workspace: Workspace, graph_hash: str) -> Survey | None:
    """The survey of a version of the graph; None where it has not been made."""
    return survey_file.load(folder(workspace), graph_hash)


def latest(workspace: Workspace) -> Survey | None:
    """The survey made last, of whatever version."""
    return survey_file.latest(folder(workspace))


def made(
    workspace: Workspace, graph: Graph, tell: Tell = lambda _done, _of, _part: None, *, anew: bool = False
) -> Survey:
    """Survey a graph and keep it. Places are carried on from the survey made last, unless it is to be made ``anew``."""
    before = None if anew else latest(workspace)
    found = survey(
        graph,
        arrivals(workspace),
        before,
        lambda seqs: moments(workspace, (int(seq) for seq in seqs)),
        tell,
    )
    survey_file.save(folder(workspace), found)
    return found
