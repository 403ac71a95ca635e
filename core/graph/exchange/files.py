"""The files of a workspace's graph: made when asked for, kept until the graph has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import GraphError
from core.graph.exchange.collect import collect
from core.graph.exchange.formats import FORMATS, Format, format_of, format_of_file
from core.graph.exchange.restore import BroughtIn, bring_in
from core.graph.model import Graph
from core.storage.workspaces import Workspace

FOLDER = "exchange"
AT_ONCE = 20_000
"""Up to so many assertions a file is made while one waits; larger graphs are a job's work."""


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made of a graph: its size in bytes and what is in it."""

    format: str
    path: Path
    bytes: int
    nodes: int
    facts: int
    assertions: int
    graph_hash: str


def place_of(workspace: Workspace, form: Format, graph: Graph) -> Path:
    """Where the file of this graph and format is kept."""
    return workspace.sub(FOLDER) / f"{graph.hash[:16]}-{graph.seq}.{form.suffix}"


def ready(workspace: Workspace, graph: Graph) -> dict[str, int]:
    """The formats whose file is there for this graph, with its size in bytes."""
    found = {}
    for form in FORMATS.values():
        path = place_of(workspace, form, graph)
        if path.is_file():
            found[form.id] = path.stat().st_size
    return found


def make(workspace: Workspace, format_id: str, check: Callable[[], None] = lambda: None) -> Made:
    """Make the file of the graph as it is now, and let go of those of graphs that are no more.

    Raises GraphError for an unknown format or an empty graph.
    """
    form = format_of(format_id)
    package = collect(workspace)
    if not package.archive.log:
        raise GraphError("There is no graph yet.", where=workspace.info.name, remedy="Build it first.")
    check()
    path = place_of(workspace, form, package.graph)
    for old in workspace.sub(FOLDER).glob("*"):
        if not old.name.startswith(f"{package.graph.hash[:16]}-{package.graph.seq}."):
            old.unlink(missing_ok=True)
    form.write(package, path)
    return Made(
        form.id,
        path,
        path.stat().st_size,
        len(package.graph.nodes),
        len(package.graph.facts),
        len(package.archive.assertions),
        package.graph.hash,
    )


def take(workspace: Workspace, path: Path, name: str, check: Callable[[], None] = lambda: None) -> BroughtIn:
    """Read a file of any of the formats into a workspace; ``name`` is what it is called, ending included."""
    archive = format_of_file(path, name).read(path, name)
    check()
    return bring_in(workspace, archive, name, check)
