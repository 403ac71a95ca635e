"""The stage "exchange": files of big graphs, made and read in as a job; the push to a Neo4j server too.

Parameters: ``action`` is ``make`` (``format``), ``take`` (``file`` below the workspace's uploads, ``name``) or
``push``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.catalogue.sources import uploads
from core.errors import JobError, UnreadableFile
from core.graph.exchange.collect import collect
from core.graph.exchange.files import make, take
from core.graph.exchange.formats import FORMATS
from core.graph.exchange.push import push, server
from core.jobs import Context


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do one of the actions; its result says what came of it."""
    action = _ACTIONS.get(str(params.get("action")))
    if action is None:
        raise JobError(
            f"{str(params.get('action'))[:40]!r} is nothing to do with a graph.",
            where=context.job_id,
            remedy=f"Use {', '.join(_ACTIONS)}.",
        )
    return action(context, params)


def _make(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(params.get("format", "turtle"))
    context.progress(0, 0, FORMATS[name].name if name in FORMATS else name)
    made = make(context.workspace, name, context.check)
    return {**asdict(made), "path": made.path.name}


def _take(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    file, name = str(params["file"]), str(params.get("name") or params["file"])
    path = uploads(context.workspace) / Path(file).name
    if Path(file).name != file or not path.is_file():
        raise UnreadableFile(
            "The uploaded file is no longer there.", where=name[:200], remedy="Upload it again."
        )
    context.progress(0, 0, name)
    done = take(context.workspace, path, name, context.check)
    return {**asdict(done), "same": done.same, "name": name}


def _push(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    target = server()
    package = collect(context.workspace)

    def told(done: int, total: int) -> None:
        context.check()
        context.progress(done, total, target.shown)

    return asdict(push(package, target, on_progress=told))


_ACTIONS: Mapping[str, Callable[[Context, Mapping[str, Any]], Mapping[str, Any]]] = {
    "make": _make,
    "take": _take,
    "push": _push,
}
