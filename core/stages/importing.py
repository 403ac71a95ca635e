"""The stage "import": big files, the sample and open data as a job; deletion of big sources too.

Parameters: ``action`` is ``file`` (``file`` below the workspace's uploads, ``name``, ``table``, ``options``,
``mapping``, ``source``, ``source_id``, ``origin``), ``sample``, ``open-data`` (``dataset``, and ``files``: part → file
below the uploads, or ``urls``: part → address) or ``delete`` (``source_id``). The result lists the reports.

A job that is started again goes on behind the last committed chunk of the table it was at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from core.catalogue.mapping import ColumnMapping
from core.catalogue.opendata.base import Feed
from core.catalogue.read import ReadOptions
from core.catalogue.sample_data import sample_feeds
from core.catalogue.sources import uploads
from core.catalogue.staging import table_in
from core.catalogue.store import Catalogue
from core.errors import DataError, UnreadableFile
from core.graph.departure import delete_source
from core.graph.log import Log
from core.jobs import Context
from core.settings import settings
from core.storage.workspaces import Workspace


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Run one import job."""
    action = str(params.get("action", "file"))
    if action == "delete":
        return _delete(context, params)
    if action not in _FEEDS:
        raise DataError(
            f"{action!r} is no way to import.", where=context.job_id, remedy=f"Use {', '.join(_FEEDS)}."
        )
    origin = str(params.get("origin") or {"file": "upload"}.get(action, action))
    feeds = _FEEDS[action](context, params)
    state = context.load_checkpoint() or {}
    reports = list(state.get("reports", ()))
    for step in range(len(reports), len(feeds)):
        begun = state if step == state.get("step") else {}
        reports.append(_import(context, feeds[step], origin, params, reports, begun))
        context.save_checkpoint({"step": step + 1, "reports": reports})
        context.emit("imported", report=reports[-1])
    Log(context.workspace).reconcile()
    return {"reports": reports, "counts": Catalogue(context.workspace).counts()}


def _import(
    context: Context,
    feed: Feed,
    origin: str,
    params: Mapping[str, Any],
    reports: list[dict[str, Any]],
    state: Mapping[str, Any],
) -> dict[str, Any]:
    def save(data: Mapping[str, Any], connection: Connection) -> None:
        context.save_checkpoint({"step": len(reports), "reports": reports, "table": dict(data)}, connection)

    report = Catalogue(context.workspace).import_table(
        feed.table,
        feed.mapping,
        feed.name,
        origin,
        lambda done, total: context.progress(done, total, feed.name),
        context.check,
        source_id=str(params.get("source_id", "")),
        latest=float("inf") if origin == "sample" else None,
        save=save,
        resume=state.get("table"),
    )
    return report.plain()


def _file_feeds(context: Context, params: Mapping[str, Any]) -> list[Feed]:
    path = _upload(context.workspace, str(params["file"]))
    name = str(params.get("name") or path.name)
    raw = table_in(path, name, str(params.get("table", "")), ReadOptions(**params.get("options", {})))
    given = params.get("mapping")
    mapping = ColumnMapping.of(given) if given else Catalogue(context.workspace).propose(raw).mapping
    return [Feed(raw, mapping, str(params.get("source") or raw.name))]


def _sample_feeds(_context: Context, _params: Mapping[str, Any]) -> list[Feed]:
    return sample_feeds()


def _open_data_feeds(context: Context, params: Mapping[str, Any]) -> list[Feed]:
    from core.catalogue.opendata.download import download
    from core.catalogue.opendata.registry import dataset

    chosen = dataset(str(params["dataset"]))
    folder = settings().home / "downloads"
    files: dict[str, Path] = {
        part: _upload(context.workspace, str(name)) for part, name in params.get("files", {}).items()
    }
    for part, url in params.get("urls", {}).items():

        def step(done: int, total: int, url: str = str(url)) -> None:
            context.check()
            context.progress(done, total, url)

        files[part] = download(str(url), folder, step)
    if not files:
        if chosen.fetch is None:
            raise DataError(
                f"{chosen.name} needs its files.",
                where=chosen.homepage,
                remedy="Give the files, or their addresses.",
            )
        files = dict(chosen.fetch(folder, lambda text: context.progress(0, 0, text)))
    missing = [part.file for part in chosen.parts if part.required and part.key not in files]
    if missing:
        raise DataError(
            f"{chosen.name} is not complete without {', '.join(missing)}.",
            remedy=f"It is at {chosen.homepage}.",
        )
    return chosen.feeds(files)


_FEEDS: Mapping[str, Callable[[Context, Mapping[str, Any]], list[Feed]]] = {
    "file": _file_feeds,
    "sample": _sample_feeds,
    "open-data": _open_data_feeds,
}


def _delete(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    catalogue = Catalogue(context.workspace)
    source = str(params["source_id"])
    deleted = 0
    if source in {known.id for known in catalogue.sources()}:  # else an earlier attempt has deleted it
        deleted = delete_source(context.workspace, source, context.check, context.progress)
    else:
        Log(context.workspace).reconcile()
    return {"deleted": deleted, "counts": catalogue.counts()}


def _upload(workspace: Workspace, name: str) -> Path:
    """A file below the uploads; a name that leads elsewhere is refused."""
    path = uploads(workspace) / Path(name).name
    if Path(name).name != name or not path.is_file():
        raise UnreadableFile(
            "The uploaded file is no longer there.", where=name[:200], remedy="Upload it again."
        )
    return path
